/** More examples would push the rest of the home page out of sight. */
const MAX_USERS = 20
/** A user id with up to 256 characters; a slash or a colon would make it a link or a URI. */
const USER_ID = /^[^\s,/:\p{C}]{1,256}$/u

/**
 * Parses `EXAMPLE_USERS`: up to 20 user ids separated by commas. Returns canonical ids, an empty list if
 * there is no value, or undefined if malformed.
 */
export function parseExampleUsers(value: string | undefined): string[] | undefined {
  if (value === undefined) return []
  const users = value.split(',').map(entry => entry.trim().toLowerCase())
  const areValid = users.every(user => USER_ID.test(user) && user !== '.' && user !== '..')
  return areValid && users.length <= MAX_USERS ? users : undefined
}

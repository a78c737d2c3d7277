/**
 * Whether two decoded ids name the same user. Spotify does not always return an id in the caller's case and
 * Unicode normalisation.
 */
export function isSameUser(left: string, right: string): boolean {
  return comparable(left) === comparable(right)
}

/** Converts to lower case first, since that can produce characters for normalisation to compose. */
function comparable(id: string): string {
  return id.toLowerCase().normalize()
}

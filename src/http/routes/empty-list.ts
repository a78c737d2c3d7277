import { PROBLEMS_ROOT } from '../../problems/catalog.ts'
import { type Lookalike, lookalikeOf } from '../../user-id/lookalikes.ts'
import { pastedName } from '../../user-id/pasted-name.ts'

const LOOKS_LIKE: Record<Lookalike, string> = {
  'no-value': 'This id looks like the text that a program prints for a missing value.',
  me: `In Spotify's API, "me" is the signed-in user, but nobody signs in to this service.`,
  'stand-in': 'This id looks like a placeholder from documentation.',
  email: 'This id looks like an e-mail address, which is not a user id.',
  'display-name': 'This id looks like a display name, which is not a user id.',
  'content-id': 'This id looks like that of a playlist, an album, an artist or a track.',
}

/** Explains to a person why a list might be empty. `pasted` is the id as sent by the caller. */
export function emptyBecause(pasted: string): string {
  const lookalike = lookalikeOf(pastedName(pasted))
  const reason =
    'The user with this id has no public playlists, or there is no such user: Spotify usually sends an empty list for both.'
  return lookalike === undefined ? reason : `${reason} ${LOOKS_LIKE[lookalike]}`
}

/** Explains to a person why a list might be empty, and how to find a user id. */
export function explanationOf(pasted: string): string {
  return `${emptyBecause(pasted)} To find a user id, open the profile in Spotify, choose "Copy link to profile" and take the part after /user/.`
}

/** Returns the `Link` field (RFC 8288) for an empty list, to the page that explains it. */
export function helpLink(basePath: string): string {
  return `<${basePath}${PROBLEMS_ROOT}/user-not-found>; rel="help"`
}

import { PROBLEMS_ROOT } from '../../problems/catalog.ts'
import { type Lookalike, lookalikeOf } from '../../user-id/lookalikes.ts'
import { pastedName } from '../../user-id/pasted-name.ts'

const LOOKS_LIKE: Record<Lookalike, string> = {
  'no-value': 'Programs print this one when a value is missing.',
  me: 'This one means the signed-in user at Spotify, and nobody signs in here.',
  'stand-in': 'Documentation uses this word as a placeholder for an id.',
  email: 'This one looks like an e-mail address, which is not a user id.',
  'display-name': 'This one looks like a display name, which is not a user id.',
  'content-id': 'This one looks like the id of a playlist, an album, an artist or a track.',
}

/**
 * Explains to a person why a list may be empty: Spotify returns an empty list for most ids that nobody
 * has. `pasted` is the id as the caller sent it.
 */
export function explanationOf(pasted: string): string {
  const lookalike = lookalikeOf(pastedName(pasted))
  return [
    'Spotify lists no public playlists for this user id, as it does for most ids that nobody has.',
    ...(lookalike === undefined ? [] : [LOOKS_LIKE[lookalike]]),
    'To find a user id, open the profile in Spotify, choose "Copy link to profile" and take the part after /user/.',
  ].join(' ')
}

/** The `Link` field (RFC 8288) of an empty list, to the page that explains it. */
export function helpLink(basePath: string): string {
  return `<${basePath}${PROBLEMS_ROOT}/user-not-found>; rel="help"`
}

import { Problem } from '../problems.ts'

interface Denial {
  /** Words of the refusal that tell this cause from the others. */
  readonly words: RegExp
  readonly diagnosis: string
}

/**
 * Why Spotify denies an app access, told apart by the words of the refusal since the status is the
 * same, and what a person has to do about it. None of them goes away by asking again.
 * https://developer.spotify.com/documentation/web-api/concepts/quota-modes
 */
const DENIALS: readonly Denial[] = [
  {
    words: /active premium subscription required/i,
    diagnosis:
      'premium-required: the owner of the Spotify app has no active Premium subscription. Renew it; Spotify needs some hours to notice.',
  },
  {
    words: /may not be registered|insufficient client scope|valid user authentication required/i,
    diagnosis:
      'user-authentication-required: Spotify answers this app only on behalf of a user who has signed in, which an app token cannot do. An app with extended quota is needed.',
  },
  {
    words: /"forbidden"/i,
    diagnosis:
      'endpoint-forbidden: the Spotify app is in Development Mode, which lost the playlists of users in 2026. Use the credentials of an app with extended quota.',
  },
]

const UNKNOWN =
  'access-denied: Spotify refuses this app. Check the app in the Spotify developer dashboard.'

/** The problem for a 403, or a 401 that a new token did not cure, with the given body. */
export function accessDenied(originStatus: 401 | 403, body: string): Problem {
  const denial = DENIALS.find(({ words }) => words.test(body))
  return new Problem('spotify-access-denied', denial?.diagnosis ?? UNKNOWN, { originStatus })
}

import { callerProblems } from './caller-problems.ts'
import { ASK_LATER, NOTHING, type ProblemKind } from './problem-kind.ts'

/**
 * Every problem this service answers with (RFC 9457): the source of its answers, of the page at its
 * `type` URI and of openapi.yaml. The key is the stable last segment of that URI.
 */
export const problems = {
  ...callerProblems,
  'internal-error': {
    status: 500,
    title: 'Internal error',
    meaning: 'A bug in this service.',
    caller: 'Tell whoever runs the service the `request_id`. Asking again seldom helps.',
    operator: 'The log holds the stack under that `request_id`. Please report it.',
  },
  'spotify-bad-response': {
    status: 502,
    title: 'Spotify sent an unusable answer',
    meaning:
      'What Spotify sent is no list of playlists: not JSON, of the wrong shape, too large, cut short, a redirect, or a status that has no meaning here. Nothing of it was used or stored.',
    caller: 'Ask again later. If it is always the same user, that account is the cause.',
    operator:
      'If `detail` begins with `request-refused`, update this service. If it is every user, check `SPOTIFY_API_URL` and `SPOTIFY_TOKEN_URL` and what stands between the service and Spotify.',
  },
  'spotify-access-denied': {
    status: 502,
    title: 'Spotify denied this app access',
    meaning:
      'Spotify refuses the app whose credentials this service holds, not the caller: for this user alone or, when a second one was refused as well, for all. `detail` names the reason: `endpoint-forbidden` (the app is in Development Mode, which lost the playlists of users in 2026), `premium-required` (the owner of the app has no active Premium subscription), `user-authentication-required` (Spotify answers this app only on behalf of a user who has signed in) or `access-denied` (anything else).',
    caller: 'Asking again does not help; a person has to act. Tell whoever runs the service.',
    operator:
      'For `endpoint-forbidden` and `user-authentication-required` use the credentials of an app with extended quota, which Spotify grants only to registered organisations with a launched service and very many users. For `premium-required` renew the subscription of the owner; it takes Spotify some hours to notice. Otherwise look at the app in the Spotify developer dashboard.',
  },
  'spotify-credentials-rejected': {
    status: 503,
    title: 'Spotify rejected the app credentials',
    meaning: 'Spotify does not accept the client id and the client secret of this service.',
    caller: 'Asking again does not help until the operator has acted.',
    operator:
      'Compare `SPOTIFY_CLIENT_ID` and `SPOTIFY_CLIENT_SECRET` with the Spotify developer dashboard: the secret may have been rotated, or carry a blank or a line break. Then restart the service.',
  },
  'spotify-unavailable': {
    status: 503,
    title: 'Spotify is unavailable',
    meaning:
      'Spotify answered with an error of its own, not in time, or not at all; or lookups are paused since that, or unusable responses, met several users and none worked. Nothing usable was stored for this user.',
    caller: `${ASK_LATER} Without that field, wait some seconds and then longer each time.`,
    operator:
      'Most outages pass. If only this service is hit, check DNS, TLS and the way out of its network.',
  },
  'spotify-rate-limited': {
    status: 503,
    title: 'Spotify limits the rate of this app',
    meaning:
      'Spotify refuses all requests of this app until the time in `Retry-After`. Until then this service sends none, since asking on makes it worse. Nothing usable was stored for this user.',
    caller: ASK_LATER,
    operator:
      'If it comes often, let answers stay fresh for longer (`CACHE_FRESH_SECONDS`), and see who asks for so many different users.',
  },
  'spotify-quota-exceeded': {
    status: 503,
    title: 'The Spotify quota of this app is used up',
    meaning:
      'The quota of the Spotify developer account, which counts all its apps in Development Mode together, is used up. It comes back within a day. Nothing usable was stored for this user.',
    caller: ASK_LATER,
    operator:
      'See which other app of the same account spends the quota. Let answers stay fresh and stale for longer.',
  },
  'quota-budget-spent': {
    status: 503,
    title: 'The request budget of this service is spent',
    meaning:
      'This service has sent as many Web API requests in 24 hours as its operator allows, or the list has more pages than it may still ask for; an instance that cannot reach the others goes by its share. Nothing usable was stored for this user; what is stored is still answered.',
    caller: ASK_LATER,
    operator:
      'Raise `SPOTIFY_DAILY_BUDGET` if the Spotify quota leaves room. `/status` tells how many requests the last 24 hours took. Let answers stay fresh for longer.',
  },
  overloaded: {
    status: 503,
    title: 'Too many lookups are waiting',
    meaning:
      'More lookups wait for Spotify than may wait, or than could be answered in time; the caller with most of them is the first to get this. What is stored is still answered.',
    caller: ASK_LATER,
    operator:
      'Find out who asks for so many users that nobody has asked for lately. Callers take turns by API key, else by address, so give each its own key. `SPOTIFY_CONCURRENCY`, `SPOTIFY_QUEUE` and `LOOKUP_TIMEOUT_MS` decide how many may wait and for how long.',
  },
  'shutting-down': {
    status: 503,
    title: 'This instance is shutting down',
    meaning: 'The instance takes no new requests, or ended before the list arrived.',
    caller: 'Ask again: another instance answers, or this one in a moment.',
    operator: NOTHING,
  },
  'deadline-exceeded': {
    status: 504,
    title: 'The lookup took too long',
    meaning:
      'The list did not arrive within `LOOKUP_TIMEOUT_MS`. If it has begun to arrive, it goes on to do so and is stored.',
    caller: ASK_LATER,
    operator:
      'If it is a user with very many playlists, raise `LOOKUP_TIMEOUT_MS`. If it is everybody, Spotify is slow or too many lookups wait for each other.',
  },
  'not-stored': {
    status: 504,
    title: 'Nothing usable is stored',
    meaning:
      'The request forbids asking Spotify (`Cache-Control: only-if-cached`), and nothing is stored that may be used for it.',
    caller: 'Ask without that directive.',
    operator: NOTHING,
  },
} as const satisfies Record<string, ProblemKind>

/** The last segment of a problem's `type` URI. */
export type ProblemType = keyof typeof problems

/** Below it are the pages that explain each type. */
export const PROBLEMS_ROOT = '/problems'

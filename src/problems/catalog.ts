import { callerProblems, NOTHING, RETRY_LATER } from './caller-problems.ts'

/** The texts and the status shared by all problems of a type. */
export interface ProblemKind {
  readonly status: number
  readonly title: string
  /** What happened. */
  readonly meaning: string
  /** What the caller can do. */
  readonly caller: string
  /** What the operator can do. */
  readonly operator: string
}

/**
 * All problems in this service (RFC 9457): the source for responses, for the page at each `type` URI, for
 * openapi.yaml and docs/problems.md. Each key is the last segment of the `type` URI, and never changes.
 */
export const problems = {
  ...callerProblems,
  'internal-error': {
    status: 500,
    title: 'Internal error',
    meaning: 'This service has a bug, or cannot write a file; `detail` says if it is a file.',
    caller: 'Send the `request_id` to the operator. A retry seldom helps.',
    operator:
      'The log has the cause under the response `request_id`. If a file is the cause, check the folder and the disk space. Otherwise please report the bug.',
  },
  'spotify-bad-response': {
    status: 502,
    title: 'Unusable response from Spotify',
    meaning:
      'The response from Spotify is not a list of playlists: not JSON, the wrong shape, too large, cut short, a redirect, or an unexpected status. The service did not use or cache any of it.',
    caller: 'Retry later. If it only happens with one user, that account is the cause.',
    operator:
      'If `detail` begins with `request-refused`, update this service. If all users are affected, check `SPOTIFY_API_URL`, `SPOTIFY_TOKEN_URL`, and the proxies between the service and Spotify.',
  },
  'spotify-access-denied': {
    status: 502,
    title: 'Spotify denied access to this app',
    meaning:
      'Spotify refuses the app this service uses, not the caller. It denies access to this user or, if it has denied access to a second user as well, to all users. `detail` gives the reason: `endpoint-forbidden` (the app is in Development Mode, which lost access to user playlists in 2026), `premium-required` (the app owner has no active Premium subscription), `user-authentication-required` (Spotify only accepts requests from this app on behalf of a signed-in user) or `access-denied` (anything else). For a linked account it can also be the `reason` of the link, such as `not-registered` or `consent-expired`.',
    caller: 'A retry does not help. Tell the operator.',
    operator:
      'For `endpoint-forbidden` and `user-authentication-required`, link the accounts whose owners agree (`LINKS_FILE`), or use the credentials of an app with extended quota, which Spotify grants only to registered organisations with a launched service and very many users. For `premium-required`, renew the Premium subscription of the app owner; Spotify needs some hours to notice. Otherwise check the app in the Spotify developer dashboard.',
  },
  'spotify-credentials-rejected': {
    status: 503,
    title: 'Spotify rejected the app credentials',
    meaning: 'Spotify does not accept the configured client id and client secret.',
    caller: 'A retry does not help until the operator has acted.',
    operator:
      'Compare `SPOTIFY_CLIENT_ID` and `SPOTIFY_CLIENT_SECRET` with the Spotify developer dashboard: perhaps somebody rotated the secret, or it contains a space or a line break. Then restart the service.',
  },
  'spotify-unavailable': {
    status: 503,
    title: 'Spotify is unavailable',
    meaning:
      'Spotify responded with a server error, too late, or not at all; or the service has paused all lookups because requests for several users failed and none worked. The cache holds nothing usable for this user.',
    caller: `${RETRY_LATER} Without \`Retry-After\`, wait some seconds and double the wait each time.`,
    operator:
      'Most outages pass. If only this service is affected, check DNS, TLS and outgoing connections.',
  },
  'spotify-rate-limited': {
    status: 503,
    title: 'Spotify limits the request rate of this app',
    meaning:
      'Spotify refuses all requests from this app until the time in `Retry-After`. Until then this service sends none, because retrying prolongs the ban. The cache holds nothing usable for this user.',
    caller: RETRY_LATER,
    operator:
      'If this problem occurs often, raise `CACHE_FRESH_SECONDS`, and find out who requests so many different users.',
  },
  'spotify-quota-exceeded': {
    status: 503,
    title: 'The Spotify quota of this app is used up',
    meaning:
      'The quota of the Spotify developer account, shared by all apps in Development Mode, is used up. Spotify restores it within a day. The cache holds nothing usable for this user.',
    caller: RETRY_LATER,
    operator:
      'Find out which other app in the account uses the quota. Raise `CACHE_FRESH_SECONDS` and `CACHE_STALE_WHILE_REVALIDATE_SECONDS`.',
  },
  'quota-budget-spent': {
    status: 503,
    title: 'The request budget of this service is spent',
    meaning:
      'This service has sent as many Web API requests in 24 hours as `SPOTIFY_DAILY_BUDGET` allows, or the list has more pages than the rest of the budget covers. An instance cut off from the other replicas uses only its share of the budget. The cache holds nothing usable for this user; the service still serves cached lists.',
    caller: RETRY_LATER,
    operator:
      'Raise `SPOTIFY_DAILY_BUDGET` if the Spotify quota allows it; `/status` shows the requests in the last 24 hours. Or raise `CACHE_FRESH_SECONDS`.',
  },
  overloaded: {
    status: 503,
    title: 'Too many lookups are waiting',
    meaning:
      'More lookups wait for Spotify than `SPOTIFY_QUEUE` allows, or more than Spotify can serve in time; the caller with the most lookups gets this problem first. The service still serves cached lists.',
    caller: RETRY_LATER,
    operator:
      'Find out who requests so many uncached users. Callers take turns by API key, otherwise by address, so give each a separate key. `SPOTIFY_CONCURRENCY`, `SPOTIFY_QUEUE` and `LOOKUP_TIMEOUT_MS` decide how many lookups wait and for how long.',
  },
  'shutting-down': {
    status: 503,
    title: 'This instance is shutting down',
    meaning: 'The instance accepts no new requests, or stopped before the list arrived.',
    caller: 'Retry: another instance serves the request, or this one after a restart.',
    operator: NOTHING,
  },
  'deadline-exceeded': {
    status: 504,
    title: 'The lookup took too long',
    meaning:
      'The list did not arrive within `LOOKUP_TIMEOUT_MS`. If part of it has arrived, the service fetches the rest and caches the list.',
    caller: RETRY_LATER,
    operator:
      'If only users with very many playlists are affected, raise `LOOKUP_TIMEOUT_MS`. If all users are affected, Spotify is slow, or too many lookups wait for Spotify.',
  },
  'not-stored': {
    status: 504,
    title: 'No usable list in the cache',
    meaning:
      'The request forbids asking Spotify (`Cache-Control: only-if-cached`), and the cache holds no usable list.',
    caller: 'Leave `only-if-cached` out.',
    operator: NOTHING,
  },
} as const satisfies Record<string, ProblemKind>

/** The last segment of a problem's `type` URI. */
export type ProblemType = keyof typeof problems

/** Each problem has a page below this path. */
export const PROBLEMS_ROOT = '/problems'

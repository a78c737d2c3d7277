/** What is to be known about one kind of problem before the single case is looked at. */
export interface ProblemKind {
  readonly status: number
  readonly title: string
  /** What has happened. */
  readonly meaning: string
  /** What whoever sent the request can do. */
  readonly caller: string
  /** What whoever runs this service can do. */
  readonly operator: string
}

const NOTHING = 'Nothing.'
const ASK_LATER = 'Ask again after the seconds in `Retry-After`.'

/**
 * Every problem this service answers with (RFC 9457): the source of its answers, of the page at its
 * `type` URI and of openapi.yaml. The key is the stable last segment of that URI.
 */
export const problems = {
  'invalid-user-id': {
    status: 400,
    title: 'Not a Spotify user id',
    meaning:
      'What stands in the path where the user belongs cannot be the id of a Spotify user. Display names and e-mail addresses are no ids.',
    caller:
      'Open the profile in Spotify, choose "Copy link to profile" and send that link percent-encoded as one path segment, or the part of it after `/user/`. `detail` says what is wrong with the one that was sent.',
    operator: NOTHING,
  },
  'invalid-query': {
    status: 400,
    title: 'Invalid query parameter',
    meaning: 'A query parameter has a value that it cannot have, or was given more than once.',
    caller: '`detail` names the parameter and what is allowed. Mend it, or leave it out.',
    operator: NOTHING,
  },
  'bad-request': {
    status: 400,
    title: 'Malformed request',
    meaning:
      'The request is not valid HTTP, its `Host` names no host, or its path has a broken percent-escape.',
    caller: 'Mend the request. Escapes in a path are `%` and two hexadecimal digits, UTF-8 inside.',
    operator: 'If many callers see this, look at the proxy in front of the service.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to arrive',
    meaning: 'The connection was open, but the request did not arrive whole in time.',
    caller: 'Send it again.',
    operator: 'Many of these come from clients or scanners that open connections and say nothing.',
  },
  'headers-too-large': {
    status: 431,
    title: 'Request line and headers too large',
    meaning: 'The request line and the header fields are larger than 16 KiB together.',
    caller: 'Send less: often it is cookies, which this service does not use.',
    operator: 'Look for what adds fields on the way, such as a proxy.',
  },
  'unknown-api-key': {
    status: 401,
    title: 'An API key is needed',
    meaning:
      'This instance answers only callers that it knows, and the request carries no API key or one that is not known here.',
    caller:
      'Send `Authorization: Bearer` and the key that you got from whoever runs the service. If it worked before, it has been replaced.',
    operator: '`API_KEYS` lists the keys. The log names the caller of each request, never the key.',
  },
  'user-not-found': {
    status: 404,
    title: 'Spotify knows no such user',
    meaning:
      'Spotify answered that there is no user with this id. More often it answers with an empty list, and so does this service.',
    caller: 'Check the id. The answer is remembered for a short while, as `Cache-Control` says.',
    operator: NOTHING,
  },
  'not-found': {
    status: 404,
    title: 'No such resource',
    meaning: 'There is nothing at this path.',
    caller:
      'The playlists of a user are at `/users/{id}/playlists`. A link in place of the id has to be percent-encoded, or its slashes cut the path into pieces.',
    operator: 'If a proxy adds or removes a part of the path, set that right there.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    meaning: 'Everything here can only be read.',
    caller: 'Use GET or HEAD.',
    operator: NOTHING,
  },
  'not-acceptable': {
    status: 406,
    title: 'No acceptable representation',
    meaning: 'The fields `Accept` and `Accept-Encoding` exclude all that this resource comes as.',
    caller: '`detail` lists what it comes as. Ask for one of these, or for `*/*`.',
    operator: NOTHING,
  },
  'caller-rate-limited': {
    status: 429,
    title: 'This caller asks too often',
    meaning:
      'This instance lets each caller, known by its API key or else by its address, ask only so often in a minute. Spotify has no part in it.',
    caller: `${ASK_LATER} \`RateLimit\` tells with each answer how many requests are left.`,
    operator: '`CALLER_REQUESTS_PER_MINUTE` is the limit.',
  },
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
      'If it is every user, check `SPOTIFY_API_URL` and `SPOTIFY_TOKEN_URL` and what stands between the service and Spotify.',
  },
  'spotify-access-denied': {
    status: 502,
    title: 'Spotify denied this app access',
    meaning:
      'Spotify refuses the app whose credentials this service holds, not the caller. `detail` names the reason: `endpoint-forbidden` (the app is in Development Mode, which lost the playlists of users in 2026), `premium-required` (the owner of the app has no active Premium subscription), `user-authentication-required` (Spotify answers this app only on behalf of a user who has signed in) or `access-denied` (anything else).',
    caller: 'Asking again does not help; a person has to act. Tell whoever runs the service.',
    operator:
      'For `endpoint-forbidden` and `user-authentication-required` use the credentials of an app with extended quota. For `premium-required` renew the subscription of the owner; it takes Spotify some hours to notice. Otherwise look at the app in the Spotify developer dashboard.',
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
      'Spotify answered with an error of its own, not in time, or not at all, and nothing usable was stored for this user.',
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
      'This service has sent as many Web API requests in 24 hours as its operator allows. Nothing usable was stored for this user; what is stored is still answered.',
    caller: ASK_LATER,
    operator:
      'Raise `SPOTIFY_DAILY_BUDGET` if the Spotify quota leaves room. `/status` tells how many requests the last 24 hours took. Let answers stay fresh for longer.',
  },
  overloaded: {
    status: 503,
    title: 'Too many lookups are waiting',
    meaning:
      'More lookups wait for Spotify than may wait, or than could be answered in time. What is stored is still answered.',
    caller: ASK_LATER,
    operator:
      'Find out who asks for so many users that nobody has asked for lately. `SPOTIFY_CONCURRENCY`, `SPOTIFY_QUEUE` and `LOOKUP_TIMEOUT_MS` decide how many may wait and for how long.',
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

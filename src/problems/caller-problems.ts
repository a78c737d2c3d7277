/** For a caller or operator who can do nothing. */
export const NOTHING = 'Nothing.'
export const RETRY_LATER = 'Retry after the number of seconds in `Retry-After`.'

/** Problems with the request (4xx), which the caller can fix. */
export const callerProblems = {
  'invalid-user-id': {
    status: 400,
    title: 'Not a Spotify user id',
    meaning:
      'The path contains no valid Spotify user id, or is ambiguous. Display names and e-mail addresses are not ids.',
    caller:
      'Open the profile in Spotify, choose "Copy link to profile" and send that link percent-encoded as one path segment, or the part after `/user/`. `detail` says what is wrong with this id. If the id really contains the characters in `detail`, percent-encode it, put `spotify:user:` before it, and percent-encode the result.',
    operator: NOTHING,
  },
  'invalid-query': {
    status: 400,
    title: 'Invalid query parameter',
    meaning: 'A query parameter has an invalid value, or occurs more than once.',
    caller: '`detail` names the parameter and the allowed values. Correct it, or leave it out.',
    operator: NOTHING,
  },
  'bad-request': {
    status: 400,
    title: 'Malformed request',
    meaning:
      'The request is not valid HTTP, has no host in `Host`, a broken percent-escape in the path or a malformed body, or is a form sent by another site.',
    caller:
      'Correct the request. A percent-escape in a path is `%` and two hexadecimal digits, and the bytes are UTF-8.',
    operator: 'If many callers get this, check the proxy in front of the service.',
  },
  'request-timeout': {
    status: 408,
    title: 'Request timeout',
    meaning: 'The connection was open, but the request did not arrive completely in time.',
    caller: 'Send the request again.',
    operator: 'Many of these come from clients or scanners that open connections and send nothing.',
  },
  'headers-too-large': {
    status: 431,
    title: 'Headers too large',
    meaning:
      'The request line and the header fields are larger than 16 KiB together, or a list field (`Accept`, `Accept-Encoding`, `Cache-Control`, `X-Forwarded-For`) has more than 1024 characters or 50 entries: `detail` names it.',
    caller:
      'Send fewer or shorter header fields. The cause is often cookies, which this service does not use, or `X-Forwarded-For`, which grows with each proxy.',
    operator: 'Check whether a proxy adds header fields.',
  },
  'unknown-api-key': {
    status: 401,
    title: 'API key required',
    meaning: 'This resource requires an API key, and the request has none, or an unknown key.',
    caller:
      'Send `Authorization: Bearer` and the key from the operator, or the key as the Basic authentication password. If the key worked previously, the operator has replaced it.',
    operator:
      '`API_KEYS` and `ADMIN_KEYS` list the keys. The log names the caller of each request, never the key.',
  },
  'not-admin': {
    status: 403,
    title: 'Administrator key required',
    meaning: 'Only administrators invite owners, list linked accounts and unlink them.',
    caller: 'Use an admin key. For all other resources, your key is valid.',
    operator: '`ADMIN_KEYS` lists the admin keys. Keys in `API_KEYS` are not admin keys.',
  },
  'link-invalid': {
    status: 400,
    title: 'Invalid address for a linked account',
    meaning:
      'The address for the account owner, or the address Spotify sent the owner back to, is expired, used, incomplete, or not from this service.',
    caller:
      'Open the address from the operator again, and copy it whole. An invitation expires after 24 hours, and consent at Spotify has to follow within ten minutes. If that does not help, ask the operator for a new address.',
    operator:
      'Invite the owner again with `POST /links`. A new client secret makes older addresses invalid, unless `LINKS_PREVIOUS_CLIENT_SECRET` has the old secret.',
  },
  'link-declined': {
    status: 403,
    title: 'The owner declined at Spotify',
    meaning:
      'The account owner did not agree at Spotify to let this service read their public playlists. The service keeps nothing.',
    caller:
      'If that was a mistake, open the address from the operator again, and agree at Spotify.',
    operator: NOTHING,
  },
  'link-wrong-account': {
    status: 409,
    title: 'Another account agreed',
    meaning:
      'The account that agreed at Spotify is not the invited one (see `detail`), or granted more than public information. The service keeps nothing.',
    caller:
      'Sign out of Spotify in this browser, open the address from the operator again, and sign in with the invited account. If you signed in with the invited account, remove the app at https://www.spotify.com/account/apps/ first.',
    operator:
      'Check the user id in the invitation: it is the part after `/user/` in the profile link.',
  },
  'user-not-found': {
    status: 404,
    title: 'No such Spotify user',
    meaning:
      'Spotify responded that there is no user with this id. For most unassigned ids, Spotify responds with an empty list instead, and so does this service, with an `explanation`.',
    caller:
      'Check the id: it is the part after `/user/` in a profile link, not a display name or an e-mail address. The service caches this response for a short while (see `Cache-Control`).',
    operator: NOTHING,
  },
  'not-found': {
    status: 404,
    title: 'No such resource',
    meaning: 'There is nothing at this path.',
    caller:
      'Playlists are at `/users/{id}/playlists`. `detail` suggests the path you probably meant, if there is one.',
    operator: 'If a proxy adds or removes part of the path, correct the proxy configuration.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    meaning: 'This resource does not support the request method.',
    caller: 'Use one of the methods in `Allow`.',
    operator: NOTHING,
  },
  'not-acceptable': {
    status: 406,
    title: 'No acceptable representation',
    meaning: '`Accept` and `Accept-Encoding` exclude every available format and encoding.',
    caller: '`detail` lists what is available. Request one of these, or `*/*`.',
    operator: NOTHING,
  },
  'caller-rate-limited': {
    status: 429,
    title: 'Too many requests from this caller',
    meaning:
      'This instance limits requests per minute for each caller, identified by API key or otherwise by address. This is not a Spotify limit.',
    caller: `${RETRY_LATER} \`RateLimit\` in each response says how many requests are left.`,
    operator: '`CALLER_REQUESTS_PER_MINUTE` is the limit.',
  },
} as const

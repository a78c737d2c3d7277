import { ASK_LATER, NOTHING, type ProblemKind } from './problem-kind.ts'

/** Problems of the request (4xx): whoever sent it can mend it. */
export const callerProblems = {
  'invalid-user-id': {
    status: 400,
    title: 'Not a Spotify user id',
    meaning:
      'The path holds something that cannot be the id of a Spotify user, or that could be read as more than one id. Display names and e-mail addresses are not ids.',
    caller:
      'Open the profile in Spotify, choose "Copy link to profile" and send that link percent-encoded as one path segment, or the part of it after `/user/`. `detail` says what is wrong with this one. An id that really holds what `detail` objects to can be sent as `spotify:user:` and the id, percent-encoded, and then the whole encoded once more.',
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
    title: 'Headers too large',
    meaning:
      'The request line and the header fields are larger than 16 KiB together, or a field that is a list has more than 1024 characters or 50 entries: `detail` names it.',
    caller:
      'Send less. Often it is cookies, which this service does not use, or `X-Forwarded-For`, to which each proxy adds.',
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
      'Spotify answered that there is no user with this id. For most ids that nobody has it answers with an empty list instead, and so does this service: the list then has a member `explanation`.',
    caller:
      'Check the id: it is the part after `/user/` in the link of a profile, not a display name or an e-mail address. The answer is remembered for a short while, as `Cache-Control` says.',
    operator: NOTHING,
  },
  'not-found': {
    status: 404,
    title: 'No such resource',
    meaning: 'There is nothing at this path.',
    caller:
      'The playlists of a user are at `/users/{id}/playlists`. `detail` names the path that was probably meant, where there is one.',
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
} as const satisfies Record<string, ProblemKind>

import type { ProblemType } from '../../problems/problem.ts'

const TELL_OPERATOR =
  'You cannot do anything about it. Tell the operator of this service, and give them the request id.'
const TRY_LATER = 'Try again later. Lists that the service has read before may still work.'

/** What a person in front of a browser can do about each problem. */
export const ADVICE: Record<ProblemType, string> = {
  'invalid-user-id': 'Paste a link to the profile instead.',
  'invalid-query': 'Correct that part of the address, or remove everything from the “?” on.',
  'bad-request': 'Check the address. If you followed a link, the link is broken.',
  'request-timeout': 'Try again.',
  'headers-too-large': 'Delete the cookies of this site, or open the address in a private window.',
  'unknown-api-key':
    'Only people with a key can use this service. The operator, who runs this service, gives out the keys.',
  'user-not-found':
    'Check the id: it is the part after /user/ in the link to a profile, not a display name or an e-mail address.',
  'not-found': 'Check the address, or look for the playlists of a user.',
  'method-not-allowed': 'Open the address itself, without sending a form to it.',
  'not-acceptable':
    'Try another browser. This one, or a proxy, accepts none of the formats of this page.',
  'caller-rate-limited':
    'Wait a moment. If several people share your connection or your key, they share the limit, too.',
  'internal-error':
    'The service has a bug. Tell its operator, and give them the request id. Trying again seldom helps.',
  'spotify-bad-response':
    'Try again later. If only this user is affected, that account is the cause.',
  'spotify-access-denied': TELL_OPERATOR,
  'spotify-credentials-rejected': TELL_OPERATOR,
  'spotify-unavailable': 'Try again later. Most outages of Spotify pass within minutes.',
  'spotify-rate-limited': TRY_LATER,
  'spotify-quota-exceeded': TRY_LATER,
  'quota-budget-spent': TRY_LATER,
  overloaded: 'Try again in a moment.',
  'shutting-down': 'Try again in a moment.',
  'deadline-exceeded':
    'Try again. The service keeps what Spotify has sent, so it is faster the next time.',
  'not-stored': 'Reload the page.',
}

import type { ProblemType } from '../../problems/problem.ts'

/** Texts that explain a problem to the person in front of a browser. */
export interface Advice {
  /** What happened; undefined if the problem's `detail` says it well. */
  readonly happened?: string
  /** What the person can do. */
  readonly todo: string
}

const TELL_OPERATOR = 'Only the operator of this service can solve this. Tell them the request id.'
const TRY_LATER = 'Try again later. Lists that the service has read before may still work.'

const ADVICE: Record<ProblemType, Advice> = {
  'invalid-user-id': { todo: 'Paste a link to the profile instead.' },
  'invalid-query': {
    todo: 'Correct that part of the address, or remove the “?” and everything after it.',
  },
  'bad-request': {
    todo: 'Check the address. If you followed a link, the link is broken.',
  },
  'request-timeout': { todo: 'Try again.' },
  'headers-too-large': {
    happened: 'Your browser sent more than the service accepts.',
    todo: 'Delete the cookies of this site, or open the address in a private window.',
  },
  'unknown-api-key': {
    happened: 'Only people with a key can use this service.',
    todo: 'If you have a key, reload the page, and enter any name and the key as the password. The operator, who runs this service, gives out the keys.',
  },
  'not-admin': {
    happened: 'Only administrators can manage linked accounts.',
    todo: 'If you are an administrator, use your administrator key.',
  },
  'link-invalid': {
    todo: 'Open the address that you got from the operator again. If you see this page again, ask the operator for a new address.',
  },
  'link-declined': {
    happened: 'You have not linked your account, and the service keeps nothing.',
    todo: 'If that was a mistake, open the address that you got from the operator again, and agree at Spotify.',
  },
  'link-wrong-account': {
    todo: 'Sign out of Spotify in this browser, then open the address that you got from the operator again, and sign in with the right account.',
  },
  'user-not-found': {
    todo: 'Check the id: it is the part after /user/ in the link to a profile, not a display name or an e-mail address.',
  },
  'not-found': {
    happened: 'There is nothing at this address.',
    todo: 'Check the address, or look for the playlists of a user.',
  },
  'method-not-allowed': {
    happened: 'This address does not accept that kind of request.',
    todo: 'Go back, and use the buttons of the page.',
  },
  'not-acceptable': {
    todo: 'Try another browser. This one, or a proxy, accepts none of the encodings of this page.',
  },
  'caller-rate-limited': {
    happened: 'You have opened more pages than the service allows in a minute.',
    todo: 'Wait a moment. If several people share your connection or your key, they share the limit, too.',
  },
  'internal-error': {
    todo: 'Tell the operator of this service the request id. Trying again seldom helps.',
  },
  'spotify-bad-response': {
    happened: 'Spotify sent something that is not a list of playlists.',
    todo: 'Try again later. If only this user is affected, that account is the cause.',
  },
  'spotify-access-denied': {
    happened: 'Spotify does not let this service read the playlists.',
    todo: TELL_OPERATOR,
  },
  'spotify-credentials-rejected': {
    happened: 'Spotify does not accept the credentials of this service.',
    todo: TELL_OPERATOR,
  },
  'spotify-unavailable': {
    happened: 'Spotify did not send the playlists.',
    todo: 'Try again later. Most outages of Spotify pass within minutes.',
  },
  'spotify-rate-limited': {
    happened:
      'This service has sent more requests than Spotify allows, and waits until it may send more.',
    todo: TRY_LATER,
  },
  'spotify-quota-exceeded': {
    happened: 'This service has used up what Spotify allows in a day.',
    todo: TRY_LATER,
  },
  'quota-budget-spent': {
    happened: 'This service has used up the requests to Spotify that its operator allows in a day.',
    todo: TRY_LATER,
  },
  overloaded: {
    happened: 'Too many people are waiting for lists.',
    todo: 'Try again in a moment.',
  },
  'shutting-down': {
    happened: 'This service is restarting.',
    todo: 'Try again in a moment.',
  },
  'deadline-exceeded': {
    happened: 'Spotify took too long to send the playlists.',
    todo: 'Try again. The service keeps what Spotify has sent, so it may be faster the next time.',
  },
  'not-stored': {
    happened: 'The service has no copy of this list, and your browser asked it not to fetch one.',
    todo: 'Reload the page.',
  },
}

const OPEN_AGAIN =
  'Nothing is kept. Wait some minutes, then open the address that you got from the operator again, and press the button.'

/** Different advice for account owners who are linking their account. */
const FOR_OWNERS: Partial<Record<ProblemType, Partial<Advice>>> = {
  'bad-request': {
    todo: 'Open the address that you got from the operator, and press a button on that page.',
  },
  'user-not-found': { todo: OPEN_AGAIN },
  'spotify-bad-response': {
    happened: 'Spotify sent something that this service cannot use.',
    todo: OPEN_AGAIN,
  },
  'spotify-access-denied': {
    happened: 'Spotify does not let this service read your account.',
    todo: 'Tell the operator, and give them the details below. Often they have to add you to the users of their app at Spotify. After that, open the address that you got from them again, and press the button.',
  },
  'spotify-unavailable': {
    happened: 'Spotify failed, or this service did.',
    todo: 'Wait some minutes, then open the address that you got from the operator again, and press the button.',
  },
  'spotify-rate-limited': { todo: OPEN_AGAIN },
  'spotify-quota-exceeded': { todo: OPEN_AGAIN },
  'quota-budget-spent': { todo: OPEN_AGAIN },
  overloaded: { happened: 'Too many others are waiting for Spotify.', todo: OPEN_AGAIN },
  'shutting-down': { todo: OPEN_AGAIN },
  'deadline-exceeded': { happened: 'Spotify took too long to respond.', todo: OPEN_AGAIN },
}

/** Returns the advice on a problem type, for an account owner who is linking or for any other reader. */
export function adviceOn(type: ProblemType, isForOwner: boolean): Advice {
  return isForOwner ? { ...ADVICE[type], ...FOR_OWNERS[type] } : ADVICE[type]
}

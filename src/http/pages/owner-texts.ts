import type { LinkFault } from '../../links/link-problems.ts'
import { type Html, html } from './html.ts'

/** Where people see and remove apps with access to their accounts. */
const APPS_URL = 'https://www.spotify.com/account/apps/'

/** Why a link does not work, for the account owner. */
export const OWNER_FAULTS: Readonly<Record<LinkFault, string>> = {
  'not-registered':
    'Spotify does not let this service read your account. Tell the operator: they have to add you to the users of their app at Spotify.',
  'insufficient-scope':
    'Spotify wants you to allow more than this service asks for. Tell the operator.',
  'endpoint-forbidden': 'Spotify does not let this service read your playlists. Tell the operator.',
  'access-denied': 'Spotify does not let this service read your playlists. Tell the operator.',
  'scope-too-wide':
    'Spotify allows this service to read more than your public playlists, so the service does not use the link. Remove the app in your Spotify account, then link your account again.',
  'consent-revoked':
    'You removed the app in your Spotify account, or Spotify ended your permission. The service has deleted what it had.',
  'consent-expired': 'Your permission ended after six months. The service has deleted what it had.',
  'other-user':
    'Your account has another user id now. The service has deleted what it had. Ask the operator for a new address.',
  'consent-doubtful':
    'Spotify says that your permission has ended, which is sometimes an error. The service asks again after ten minutes.',
  unreadable: 'The service cannot decrypt its record of this link. Tell the operator.',
}

/** What an account owner should know before agreeing, and can look up later. */
export function ownerNotice(privacyUrl: string | undefined, isLinked: boolean): Html {
  const when = isLinked ? '' : ' before you agree'
  const privacy =
    privacyUrl === undefined
      ? html`The operator has not published a privacy policy here. Ask them for it${when}.`
      : html`Read the <a href="${privacyUrl}">privacy policy of the operator</a>${when}.`
  const end = isLinked
    ? 'Press “End the link” above, and the service deletes all of this at once. For later, keep the address of the page to which Spotify sent you back.'
    : 'Spotify sends you back to a page of this service. Keep its address: the button on that page ends the link, and the service deletes all of this at once.'
  return html`<h2>What this service reads</h2>
<p>The public playlists of your account, which everybody can see on your Spotify profile, and the id of the account. It asks Spotify for nothing else, so it cannot see private playlists, your e-mail address or what you listen to. It cannot change anything. You enter your password only at Spotify.</p>
<p>While the account is linked, everybody who may use this service can see these playlists here.</p>
<h2>What it keeps, and where</h2>
<p>The id of your account, the date, and the permission that Spotify gives it, encrypted in a file on the server of the operator. It also keeps copies of your public playlists there, to ask Spotify less often.</p>
<h2>How you end it</h2>
<p>${end} Or remove the app in <a href="${APPS_URL}">your Spotify account</a>: then, after an hour at most, the service can read nothing more. Unless you agree again, the link ends after six months.</p>
<h2>Privacy policy</h2>
<p>${privacy}</p>
`
}

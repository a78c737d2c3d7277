import type { OwnerView } from '../../links/consents.ts'
import { type Link, liveRecord } from '../../links/link.ts'
import { faultOf } from '../../links/link-problems.ts'
import { consentEndsAt, type LinkState } from '../../links/link-state.ts'
import { fieldError } from './field-error.ts'
import { type Html, html } from './html.ts'
import { instant } from './instant.ts'
import { page } from './layout.ts'
import { OWNER_FAULTS, ownerNotice } from './owner-texts.ts'

export interface OwnerPageOptions {
  view: OwnerView
  /** The path to this page, including the path added by a proxy in front. */
  path: string
  basePath: string
  /** The operator's privacy policy. */
  privacyUrl: string | undefined
  /** Whether Spotify sends the browser to the browser's own machine, which might not be the server. */
  isLocalRedirect: boolean
  /** What is wrong with the pasted address; undefined if the page shows no error. */
  error: string | undefined
}

/** The page where an owner links the account, sees the link state, and ends the link. */
export function ownerPage(options: OwnerPageOptions): string {
  const { view, basePath, privacyUrl } = options
  const { userId, link, canLink } = view
  const forms = canLink ? linkForms(options) : undefined
  if (link === undefined) {
    const title = 'Link your Spotify account'
    return page(
      { title, basePath },
      html`<h1>${title}</h1>
${question(userId)}${ownerNotice(privacyUrl, false)}${forms}`,
    )
  }
  const hasEnded = link.state.name === 'ended' || link.state.name === 'mismatch'
  const title = TITLES[link.state.name]
  return page(
    { title, basePath },
    html`<h1>${title}</h1>
${stateOf(link)}${forms}${hasEnded ? undefined : endForm(options.path)}${ownerNotice(privacyUrl, !hasEnded)}`,
  )
}

/** The page shown after a link has ended. */
export function unlinkedPage(userId: string, basePath: string): string {
  const title = 'Your Spotify account is no longer linked'
  return page(
    { title, basePath },
    html`<h1>${title}</h1>
<p class="lead">The service has deleted its permission to read the account <bdi>${userId}</bdi> and its copies of the playlists.</p>
<p>To link the account again, ask the operator for a new address.</p>
`,
  )
}

function question(userId: string): Html {
  return html`<p class="lead">The operator of this service, who sent you this address, asks to show the public playlists of the Spotify account <strong><bdi>${userId}</bdi></strong> here.</p>
<p>If this is not your account, or you do not know who sent you the address, close this page. Then nothing happens.</p>
`
}

const BROKEN = 'The link to your Spotify account does not work'
const ENDED = 'The link to your Spotify account has ended'
const TITLES: Readonly<Record<LinkState['name'], string>> = {
  active: 'Your Spotify account is linked',
  doubtful: BROKEN,
  refused: BROKEN,
  unreadable: BROKEN,
  ended: ENDED,
  mismatch: ENDED,
}

function stateOf(link: Link): Html {
  const { userId, state, lastUsedAt } = link
  const fault = faultOf(state)
  const text =
    fault === undefined
      ? 'This service can read the public playlists of the account, and nothing else.'
      : OWNER_FAULTS[fault]
  const record = liveRecord(link)
  return html`<p class="lead">${text}</p>
<dl>
<dt>Account</dt><dd><bdi>${userId}</bdi></dd>
${record && row('Linked', record.consentAt)}${record && row('Expires on', consentEndsAt(record.consentAt))}${lastUsedAt === undefined ? undefined : row('Last read', lastUsedAt)}</dl>
`
}

function row(name: string, epochMs: number): Html {
  return html`<dt>${name}</dt><dd>${instant(epochMs)}</dd>
`
}

/**
 * The button to Spotify and, if the browser might fail to open the page after Spotify, a form for the address
 * of that page. While the link works, the button is secondary, since nobody has to press it.
 */
function linkForms({ view, path, isLocalRedirect, error }: OwnerPageOptions): Html {
  const { userId, link } = view
  const button = link === undefined ? 'Continue to Spotify' : 'Link the account again'
  const works = link !== undefined && faultOf(link.state) === undefined
  return html`<form action="${path}" method="post">
<button type="submit" name="action" value="link"${works ? html` class="secondary"` : undefined} aria-describedby="link-hint">${button}</button>
<p class="hint" id="link-hint">Spotify asks whether you agree, and shows who is signed in. If that is not <bdi>${userId}</bdi>, change the account there.</p>
</form>
${isLocalRedirect || error !== undefined ? finishing(link === undefined || error !== undefined, finishForm(path, error)) : undefined}`
}

/** Few owners need the form for a second consent, so the page shows it collapsed then. */
function finishing(isOpen: boolean, form: Html): Html {
  const title = 'If your browser cannot open the page after Spotify'
  return isOpen
    ? html`<h2>${title}</h2>
${form}`
    : html`<details>
<summary>${title}</summary>
${form}</details>
`
}

function finishForm(path: string, error: string | undefined): Html {
  const { attributes, message } = fieldError('url', error)
  return html`<p>After you agree, your browser may say that it cannot reach a page. Nothing is lost: copy the whole address of that page, come back here, and paste it within ten minutes.</p>
<form action="${path}/finish" method="post">
<label for="url">The address of the page that does not open</label>
<div><input id="url" name="url" type="text" required autocomplete="off" autocapitalize="none" spellcheck="false" ${attributes}>
<button type="submit">Finish</button></div>
${message}<p class="hint" id="url-hint">It has “/link/callback?” in it, and is very long.</p>
</form>
`
}

function endForm(path: string): Html {
  return html`<form action="${path}" method="post">
<button type="submit" name="action" value="end" class="secondary" aria-describedby="end-hint">End the link</button>
<p class="hint" id="end-hint">The service then deletes its permission and its copies of your playlists at once.</p>
</form>
`
}

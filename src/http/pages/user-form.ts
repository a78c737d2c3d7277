import { MAX_PASTED_LENGTH } from '../../user-id/user-id.ts'
import { fieldError } from './field-error.ts'
import { type Html, html } from './html.ts'

export interface UserFormOptions {
  basePath: string
  /** The previously submitted text. */
  value?: string
  /** What is wrong with `value`. */
  error?: string | undefined
}

/**
 * The maximum text length in the field. The service refuses text this long, so text cut off by the browser
 * never names another user. Without a limit, the request line could be too long to read.
 */
const MAX_LENGTH = MAX_PASTED_LENGTH + 1

/** The form for opening a user's list; the user is the only field. */
export function userForm({ basePath, value = '', error }: UserFormOptions): Html {
  const { attributes, message } = fieldError('user', error)
  return html`<form action="${basePath}/" method="get">
<label for="user">Paste a link to a Spotify profile, a URI or a user id</label>
<div><input id="user" name="user" type="text" value="${value}" maxlength="${MAX_LENGTH}" dir="auto" required autocomplete="off" autocapitalize="none" spellcheck="false" ${attributes}>
<button type="submit">Show playlists</button></div>
${message}<p class="hint" id="user-hint">In Spotify, open a profile, choose Share, then “Copy link to profile”. A display name or an e-mail address does not work.</p>
</form>
`
}

import { type Answer, status } from './answer.ts'
import type { SandboxRequest } from './requests.ts'
import type { Sandbox } from './running-sandbox.ts'
import type { Switches } from './switches.ts'

/** What the person at the browser decided. */
interface Decision {
  userId: string
  approves: boolean
}

/** Spotify's scopes for playlists and the account. */
const SCOPES = new Set([
  'playlist-read-private',
  'playlist-read-collaborative',
  'user-read-private',
  'user-read-email',
])
const PAGE_HEADERS = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }

/**
 * `/authorize`: GET shows a page where a person approves or denies, and its buttons send a POST (RFC 6749
 * section 4.1.1). Like Spotify, the sandbox never redirects to the app if the client id or the redirect URI is
 * wrong.
 * https://developer.spotify.com/documentation/web-api/tutorials/code-flow
 */
export function authorizeAnswer(
  sandbox: Sandbox,
  { method, path }: SandboxRequest,
  body: string | undefined,
): Answer {
  if (method !== 'GET' && method !== 'POST') return page(405, 'Method not allowed')
  const { clientId, switches, grants } = sandbox
  const query = new URLSearchParams(/\?(.*)/s.exec(path)?.[1])
  if (query.get('client_id') !== clientId) return page(400, 'INVALID_CLIENT: Invalid client')
  if (!switches.redirectUris.includes(query.get('redirect_uri') ?? '')) {
    return page(400, 'INVALID_CLIENT: Invalid redirect URI')
  }
  const error = queryError(query)
  if (error !== undefined) return sendBack(query, { error })
  const decision = method === 'POST' ? pressed(body, switches) : withoutPerson(sandbox, query)
  if (decision === undefined) return page(200, 'Agree', consentForm(query, switches))
  if (!decision.approves) return sendBack(query, { error: 'access_denied' })
  const code = grants.consent(decision.userId, scopeOf(query), {
    redirectUri: String(query.get('redirect_uri')),
    challenge: query.get('code_challenge') ?? undefined,
  })
  return sendBack(query, { code })
}

/** Returns the error for the app; undefined if the request is valid. */
function queryError(query: URLSearchParams): string | undefined {
  if (query.get('response_type') !== 'code') return 'unsupported_response_type'
  const hasChallenge = query.has('code_challenge')
  const isS256 = query.get('code_challenge_method') === 'S256'
  if (hasChallenge !== isS256) return 'invalid_request'
  const scope = scopeOf(query)
  return scope === '' || scope.split(' ').every(name => SCOPES.has(name))
    ? undefined
    : 'invalid_scope'
}

function scopeOf(query: URLSearchParams): string {
  return query.get('scope') ?? ''
}

function pressed(body: string | undefined, { signedIn }: Switches): Decision {
  const form = new URLSearchParams(body)
  return { userId: form.get('user') || signedIn, approves: form.get('decision') === 'approve' }
}

/**
 * Returns the decision from the control API or from a user who has already agreed; undefined if the page has to
 * ask.
 */
function withoutPerson(
  { grants, switches }: Sandbox,
  query: URLSearchParams,
): Decision | undefined {
  const { consent, signedIn } = switches
  if (consent !== 'ask') return { userId: signedIn, approves: consent === 'approve' }
  const isAsked = query.get('show_dialog') === 'true' || !grants.has(signedIn, scopeOf(query))
  return isAsked ? undefined : { userId: signedIn, approves: true }
}

function sendBack(query: URLSearchParams, result: Record<string, string>): Answer {
  const uri = String(query.get('redirect_uri'))
  const state = query.get('state')
  const parameters = new URLSearchParams({ ...result, ...(state !== null && { state }) })
  const location = `${uri}${uri.includes('?') ? '&' : '?'}${parameters}`
  return status(302, '', { location, 'cache-control': 'no-store' })
}

/** The form posts to the current URL, so the query stays. */
function consentForm(query: URLSearchParams, { signedIn }: Switches): string {
  const scope = scopeOf(query)
  const wanted = scope === '' ? 'only what is public' : scope
  return `<p>The app <b>${escaped(String(query.get('client_id')))}</b> wants to read: ${escaped(wanted)}.</p>
<form method="post">
<p><label>Signed in as <input name="user" value="${escaped(signedIn)}"></label></p>
<p><button name="decision" value="approve">Agree</button>
<button name="decision" value="deny">Cancel</button></p>
</form>`
}

function page(code: number, title: string, content = ''): Answer {
  const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>${title} · Spotify sandbox</title>
<h1>${title}</h1>
<p>This is a sandbox that stands in for Spotify.</p>
${content}
</html>
`
  return status(code, body, PAGE_HEADERS)
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, character => `&#${character.charCodeAt(0)};`)
}

import { type Answer, json } from './answer.ts'
import type { Grant } from './grants.ts'
import type { SandboxRequest } from './requests.ts'
import type { Sandbox } from './running-sandbox.ts'

interface OAuthError {
  error: string
  error_description?: string
}

/**
 * `POST /api/token`: the client credentials flow, and the authorization code flow with refreshes (RFC 6749
 * sections 4.4, 4.1.3 and 6). `body` is undefined if it is too large. Errors have status 400 and Spotify's
 * wording, even where the RFC allows 401.
 * https://developer.spotify.com/documentation/web-api/tutorials/code-flow
 */
export function tokenAnswer(
  sandbox: Sandbox,
  request: SandboxRequest,
  body: string | undefined,
): Answer {
  if (request.method !== 'POST') {
    return json(405, { error: 'method_not_allowed' }, { allow: 'POST' })
  }
  if (body === undefined) return json(413, { error: 'request_too_large' })
  const answer =
    credentialsError(sandbox, request.headers.authorization) ??
    tokenFor(sandbox, request.grantType, new URLSearchParams(body))
  if ('error' in answer) return json(400, answer)
  return json(200, answer, { 'cache-control': 'no-store' })
}

function credentialsError(sandbox: Sandbox, authorization = ''): OAuthError | undefined {
  const [, encoded = ''] = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? []
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  if (id === undefined) return { error: 'invalid_client' }
  if (id !== sandbox.clientId) return oauthError('invalid_client', 'Invalid client')
  if (secret === sandbox.clientSecret) return undefined
  return oauthError('invalid_client', 'Invalid client secret')
}

function oauthError(error: string, description: string): OAuthError {
  return { error, error_description: description }
}

function tokenFor(
  sandbox: Sandbox,
  grantType: string | undefined,
  form: URLSearchParams,
): OAuthError | object {
  switch (grantType) {
    case 'client_credentials':
      return tokenResponse(sandbox)
    case 'authorization_code':
      return exchanged(sandbox, form)
    case 'refresh_token':
      return refreshed(sandbox, form)
    case undefined:
      return oauthError('unsupported_grant_type', 'grant_type parameter is missing')
    default:
      return oauthError(
        'unsupported_grant_type',
        'grant_type must be client_credentials, authorization_code or refresh_token',
      )
  }
}

function exchanged(sandbox: Sandbox, form: URLSearchParams): OAuthError | object {
  const { grants } = sandbox
  const code = form.get('code')
  if (!code) return oauthError('invalid_request', 'code must be supplied')
  const grant = grants.redeem(code, form.get('redirect_uri'), form.get('code_verifier'))
  if (typeof grant === 'string') return oauthError('invalid_grant', grant)
  return tokenResponse(sandbox, grant, grants.refreshToken(grant))
}

function refreshed(sandbox: Sandbox, form: URLSearchParams): OAuthError | object {
  const { grants, switches } = sandbox
  const token = form.get('refresh_token')
  if (!token) return oauthError('invalid_request', 'refresh_token must be supplied')
  const grant = grants.grantOf(token)
  if (grant === undefined) return oauthError('invalid_grant', 'Refresh token revoked')
  if (switches.rotation === 'kill-old') grants.endRefreshToken(token)
  const replacement = switches.rotation === 'off' ? undefined : grants.refreshToken(grant)
  return tokenResponse(sandbox, grant, replacement)
}

/** Builds the token response; without a grant, for the app itself. */
function tokenResponse(sandbox: Sandbox, grant?: Grant, refreshToken?: string): object {
  const { tokens, tokenLifetimeSeconds, switches } = sandbox
  const scope = `${grant?.scope} ${switches.extraScope}`.trim()
  return {
    access_token: tokens.issue(tokenLifetimeSeconds, grant && { grant, scope }),
    token_type: 'Bearer',
    expires_in: tokenLifetimeSeconds,
    ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    ...(grant && (scope !== '' || switches.emptyScope === 'sent') && { scope }),
  }
}

/** Returns a form's `grant_type`; undefined for another content type, or if the form has no `grant_type`. */
export function grantTypeOf(contentType = '', body = ''): string | undefined {
  const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType)
  return (isForm && new URLSearchParams(body).get('grant_type')) || undefined
}

import { type Answer, json } from './answer.ts'
import type { Grant, Grants } from './grants.ts'
import type { SandboxRequest } from './requests.ts'
import type { Switches } from './switches.ts'
import type { Tokens } from './tokens.ts'

/** The state of the token endpoint. */
export interface Accounts {
  readonly clientId: string
  readonly clientSecret: string
  readonly tokenLifetimeSeconds: number
  readonly tokens: Tokens
  readonly grants: Grants
  readonly switches: Switches
}

interface OAuthError {
  error: string
  error_description?: string
}

/** A grant, and the refresh token that the response contains, if any. */
interface Issued {
  grant: Grant
  refreshToken: string | undefined
}

/**
 * `POST /api/token`: the client credentials flow, and the authorization code flow with its refreshes
 * (RFC 6749 sections 4.4, 4.1.3 and 6). `body` is undefined if it is too large. Errors have status 400
 * and Spotify's wording, even where the RFC allows 401.
 * https://developer.spotify.com/documentation/web-api/tutorials/code-flow
 */
export function tokenAnswer(
  accounts: Accounts,
  request: SandboxRequest,
  body: string | undefined,
): Answer {
  if (request.method !== 'POST') {
    return json(405, { error: 'method_not_allowed' }, { allow: 'POST' })
  }
  if (body === undefined) return json(413, { error: 'request_too_large' })
  const answer =
    credentialsError(accounts, request.headers.authorization) ?? tokenFor(accounts, request, body)
  if ('error' in answer) return json(400, answer)
  return json(200, answer, { 'cache-control': 'no-store' })
}

function credentialsError(accounts: Accounts, authorization = ''): OAuthError | undefined {
  const [, encoded = ''] = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? []
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? []
  if (id === undefined) return { error: 'invalid_client' }
  if (id !== accounts.clientId) return invalidClient('Invalid client')
  return secret === accounts.clientSecret ? undefined : invalidClient('Invalid client secret')
}

function invalidClient(description: string): OAuthError {
  return { error: 'invalid_client', error_description: description }
}

function tokenFor(accounts: Accounts, request: SandboxRequest, body: string): OAuthError | object {
  const form = new URLSearchParams(body)
  switch (request.grantType) {
    case 'client_credentials':
      return tokenResponse(accounts)
    case 'authorization_code': {
      const issued = exchanged(accounts, form)
      return 'error' in issued ? issued : tokenResponse(accounts, issued)
    }
    case 'refresh_token': {
      const issued = refreshed(accounts, form)
      return 'error' in issued ? issued : tokenResponse(accounts, issued)
    }
    default:
      return {
        error: 'unsupported_grant_type',
        error_description: request.grantType
          ? 'grant_type must be client_credentials, authorization_code or refresh_token'
          : 'grant_type parameter is missing',
      }
  }
}

function exchanged({ grants }: Accounts, form: URLSearchParams): Issued | OAuthError {
  const code = form.get('code')
  if (!code) return { error: 'invalid_request', error_description: 'code must be supplied' }
  const grant = grants.redeem(code, form.get('redirect_uri'), form.get('code_verifier'))
  if (typeof grant === 'string') return { error: 'invalid_grant', error_description: grant }
  return { grant, refreshToken: grants.refreshToken(grant) }
}

function refreshed({ grants, switches }: Accounts, form: URLSearchParams): Issued | OAuthError {
  const token = form.get('refresh_token')
  if (!token) {
    return { error: 'invalid_request', error_description: 'refresh_token must be supplied' }
  }
  const grant = grants.grantOf(token)
  if (grant === undefined) {
    return { error: 'invalid_grant', error_description: 'Refresh token revoked' }
  }
  if (switches.rotation === 'kill-old') grants.endRefreshToken(token)
  const refreshToken = switches.rotation === 'off' ? undefined : grants.refreshToken(grant)
  return { grant, refreshToken }
}

function tokenResponse(accounts: Accounts, issued?: Issued): object {
  const { tokens, tokenLifetimeSeconds, switches } = accounts
  const scope = `${issued?.grant.scope} ${switches.extraScope}`.trim()
  const user = issued && { grant: issued.grant, scope }
  return {
    access_token: tokens.issue(tokenLifetimeSeconds, user),
    token_type: 'Bearer',
    expires_in: tokenLifetimeSeconds,
    ...(issued?.refreshToken !== undefined && { refresh_token: issued.refreshToken }),
    ...(issued && (scope !== '' || switches.emptyScope === 'sent') && { scope }),
  }
}

/** The `grant_type` of a form; undefined for another content type, or if the form has no `grant_type`. */
export function grantTypeOf(contentType = '', body = ''): string | undefined {
  const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType)
  return (isForm && new URLSearchParams(body).get('grant_type')) || undefined
}

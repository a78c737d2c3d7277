import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendJson } from './answer.ts'
import { readBody } from './body.ts'
import type { Tokens } from './tokens.ts'

/** The state of the token endpoint. */
export interface Accounts {
  readonly clientId: string
  readonly clientSecret: string
  readonly tokenLifetimeSeconds: number
  readonly tokens: Tokens
}

interface OAuthError {
  error: string
  error_description?: string
}

/**
 * `POST /api/token`: the client credentials flow (RFC 6749 section 4.4). Errors have status 400 and
 * Spotify's wording, even where the RFC allows 401.
 * https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow
 */
export async function answerToken(
  accounts: Accounts,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const body = await readBody(req)
  if (req.method !== 'POST') {
    return sendJson(res, 405, { error: 'method_not_allowed' }, { allow: 'POST' })
  }
  if (body === undefined) return sendJson(res, 413, { error: 'request_too_large' })
  const error =
    credentialsError(accounts, req.headers.authorization) ??
    grantError(req.headers['content-type'], body)
  if (error) return sendJson(res, 400, error)
  const { tokens, tokenLifetimeSeconds } = accounts
  const token = {
    access_token: tokens.issue(tokenLifetimeSeconds),
    token_type: 'Bearer',
    expires_in: tokenLifetimeSeconds,
  }
  sendJson(res, 200, token, { 'cache-control': 'no-store' })
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

function grantError(contentType = '', body: string): OAuthError | undefined {
  const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType)
  const grantType = isForm ? new URLSearchParams(body).get('grant_type') : null
  if (grantType === 'client_credentials') return undefined
  return {
    error: 'unsupported_grant_type',
    error_description: grantType
      ? 'grant_type must be client_credentials'
      : 'grant_type parameter is missing',
  }
}

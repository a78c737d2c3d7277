import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Answer, type AnswerContext, apiError, send } from './answer.ts'
import { answers, challenge } from './answers.ts'
import { ownPlaylistsQuery, playlistsQuery } from './page.ts'
import type { Sandbox } from './running-sandbox.ts'
import type { Tokens, TokenUser } from './tokens.ts'

const compress = promisify(gzip)

/**
 * The Web API, reduced to `GET /v1/users/{id}/playlists`, `/v1/me` and `/v1/me/playlists`. As with Spotify,
 * an unknown user has an empty list.
 * https://developer.spotify.com/documentation/web-api/reference/get-list-users-playlists
 */
export async function answerWebApi(
  sandbox: Sandbox,
  req: IncomingMessage,
  context: AnswerContext,
): Promise<void> {
  const refusal = refusalOf(sandbox, req, context.request.path)
  if (refusal) return refusal(context)
  const body = JSON.stringify(contentOf(sandbox, req, context))
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'public, max-age=0',
  }
  if (!acceptsGzip(req.headers['accept-encoding'])) return send(context.res, 200, body, headers)
  send(context.res, 200, await compress(body, { level: 1 }), {
    ...headers,
    'content-encoding': 'gzip',
  })
}

/** Returns the user of a request's token; undefined for an app token or without a token. */
export function userOf(tokens: Tokens, req: IncomingMessage): TokenUser | undefined {
  return tokens.user(bearerOf(req.headers.authorization) ?? '')
}

function contentOf({ tokens, users }: Sandbox, req: IncomingMessage, context: AnswerContext) {
  const id = userOf(tokens, req)?.grant.userId
  return isProfile(context.request.path) && id !== undefined
    ? profile(id, users.accountId(id))
    : context.page()
}

/**
 * Returns the token user's profile as sent in Development Mode since 2026, without members that need a scope.
 * https://developer.spotify.com/documentation/web-api/reference/get-current-users-profile
 */
function profile(id: string, accountId: string): object {
  const encoded = encodeURIComponent(id)
  return {
    account_id: accountId,
    display_name: null,
    external_urls: { spotify: `https://open.spotify.com/user/${encoded}` },
    href: `https://api.spotify.com/v1/users/${encoded}`,
    id,
    images: [],
    type: 'user',
    uri: `spotify:user:${encoded}`,
  }
}

function refusalOf(
  { tokens, switches }: Sandbox,
  req: IncomingMessage,
  path: string,
): Answer | undefined {
  if (req.method !== 'GET') return apiError(405, 'Method not allowed', { allow: 'GET' })
  const unauthorized = bearerRefusal(tokens, req.headers.authorization)
  if (unauthorized) return unauthorized
  const user = userOf(tokens, req)
  const isDevelopment = switches.mode === 'development'
  if (isDevelopment && user && switches.unregistered.includes(user.grant.userId)) {
    return answers['not-registered']
  }
  const own = ownPlaylistsQuery(path)
  if (user === undefined && (own || isProfile(path))) return answers['user-authentication-required']
  if (isProfile(path)) return undefined
  const query = own ?? playlistsQuery(path)
  if (query === undefined) return apiError(404, 'Service not found')
  if (isDevelopment && own === undefined) return answers.forbidden
  if (!(query.limit >= 0 && query.limit <= 50)) return answers['bad-request']
  return query.offset <= 100_000 ? undefined : apiError(400, 'Invalid offset')
}

function isProfile(path: string): boolean {
  return /^\/v1\/me(\?|$)/.test(path)
}

function bearerOf(authorization = ''): string | undefined {
  return /^Bearer (\S+)$/i.exec(authorization)?.[1]
}

function bearerRefusal(tokens: Tokens, authorization: string | undefined): Answer | undefined {
  if (authorization === undefined) return apiError(401, 'No token provided')
  const token = bearerOf(authorization)
  if (token === undefined) return apiError(400, 'Only valid bearer authentication supported')
  switch (tokens.state(token)) {
    case 'valid':
      return undefined
    case 'expired':
      return answers['expired-token']
    case 'unknown':
      return apiError(401, 'Invalid access token', challenge('Invalid access token'))
  }
}

function acceptsGzip(acceptEncoding = ''): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/i.test(String(acceptEncoding))
}

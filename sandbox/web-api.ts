import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Answer, AnswerContext } from './answer.ts'
import { apiError, send } from './answer.ts'
import { answers, challenge } from './answers.ts'
import { profile } from './me.ts'
import { ownPlaylistsQuery, playlistsQuery } from './page.ts'
import type { Switches } from './switches.ts'
import type { Tokens, TokenUser } from './tokens.ts'
import type { Users } from './users.ts'

const compress = promisify(gzip)

/** The state of the Web API. */
export interface WebApi {
  readonly tokens: Tokens
  readonly users: Users
  readonly switches: Switches
}

/**
 * The Web API, reduced to `GET /v1/users/{id}/playlists`, `/v1/me` and `/v1/me/playlists`. As with Spotify,
 * an unknown user has an empty list.
 * https://developer.spotify.com/documentation/web-api/reference/get-list-users-playlists
 */
export async function answerWebApi(
  api: WebApi,
  req: IncomingMessage,
  context: AnswerContext,
): Promise<void> {
  const refusal = refusalOf(api, req, context.request.path)
  if (refusal) return refusal(context)
  const body = JSON.stringify(contentOf(api, req, context))
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

/** The user of a request's token; undefined for an app token and without a token. */
export function userOf(tokens: Tokens, req: IncomingMessage): TokenUser | undefined {
  return tokens.user(bearerOf(req.headers.authorization) ?? '')
}

function contentOf({ tokens, users }: WebApi, req: IncomingMessage, context: AnswerContext) {
  const id = userOf(tokens, req)?.grant.userId
  return isProfile(context.request.path) && id !== undefined
    ? profile(id, users.accountId(id))
    : context.page()
}

function refusalOf(api: WebApi, req: IncomingMessage, path: string): Answer | undefined {
  const { tokens, switches } = api
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

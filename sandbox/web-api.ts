import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Answer, AnswerContext } from './answer.ts'
import { apiError, send } from './answer.ts'
import { answers, challenge } from './answers.ts'
import { playlistsQuery } from './page.ts'
import type { Tokens } from './tokens.ts'

const compress = promisify(gzip)

/**
 * The Web API, with `GET /v1/users/{id}/playlists` alone. As with Spotify, an unknown user has an empty
 * list.
 * https://developer.spotify.com/documentation/web-api/reference/get-list-users-playlists
 */
export async function answerWebApi(
  tokens: Tokens,
  req: IncomingMessage,
  context: AnswerContext,
): Promise<void> {
  const refusal = refusalOf(tokens, req, context.request.path)
  if (refusal) return refusal(context)
  const body = JSON.stringify(context.page())
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

function refusalOf(tokens: Tokens, req: IncomingMessage, path: string): Answer | undefined {
  if (req.method !== 'GET') return apiError(405, 'Method not allowed', { allow: 'GET' })
  const unauthorized = bearerRefusal(tokens, req.headers.authorization)
  if (unauthorized) return unauthorized
  const query = playlistsQuery(path)
  if (query === undefined) return apiError(404, 'Service not found')
  if (!(query.limit >= 0 && query.limit <= 50)) return answers['bad-request']
  return query.offset <= 100_000 ? undefined : apiError(400, 'Invalid offset')
}

function bearerRefusal(tokens: Tokens, authorization: string | undefined): Answer | undefined {
  if (authorization === undefined) return apiError(401, 'No token provided')
  const [, token] = /^Bearer (\S+)$/i.exec(authorization) ?? []
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

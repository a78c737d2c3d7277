import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { age, cacheControl, cacheStatus } from '../cache/cache-status.ts'
import { requestDirectives } from '../cache/request-directives.ts'
import type { ResponseCache } from '../cache/response-cache.ts'
import type { Clock } from '../clock.ts'
import { parseUserId, userIdSegment } from '../spotify/user-id.ts'
import { type StoredBody, UnknownUser } from '../stored-playlists.ts'
import type { AppInstance } from './app-instance.ts'
import { allowOnlyReading } from './methods.ts'
import { invalidQuery } from './problem-reply.ts'
import { contentType, FORMATS, jsonBody, negotiate, textBody } from './representation.ts'
import { pagingResponse, problemResponses } from './schemas.ts'
import { sendBuffers } from './send.ts'
import { pagingOf, windowOf } from './window.ts'

const PATH = '/users/:id/playlists'

const paramsSchema = Type.Object({
  id: Type.String({
    description:
      'Whose playlists: a Spotify user id, a `spotify:user:` URI or a link to a profile, percent-encoded as one path segment. This is neither the display name nor the e-mail address.',
    examples: ['smedjan', 'spotify:user:smedjan'],
  }),
})

const querySchema = Type.Object({
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'a whole number from 1 on, given once: how many playlists at most',
    }),
  ),
  offset: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'a whole number from 0 on, given once: how many playlists to leave out first',
    }),
  ),
  format: Type.Optional(
    Type.Enum([...FORMATS], {
      description: `one of ${FORMATS.join(', ')}, given once: the format, whatever Accept says`,
    }),
  ),
})

export interface UserPlaylistsOptions {
  cache: ResponseCache<StoredBody>
  clock: Clock
  /** The URL, up to a path, under which callers reach this service; unset: the request's origin. */
  publicUrl: string | undefined
}

/** `GET /users/:id/playlists`: all public playlists of a user in one answer. */
export function userPlaylistsRoute(app: AppInstance, options: UserPlaylistsOptions): void {
  const { cache, clock, publicUrl } = options

  app.get(
    PATH,
    {
      schema: {
        operationId: 'getUserPlaylists',
        summary: 'All public playlists of a Spotify user',
        description:
          'Every page that Spotify has, in one answer. With `limit` or `offset`, a window of the same list that costs no further requests to Spotify.',
        params: paramsSchema,
        querystring: querySchema,
        response: { 200: pagingResponse, ...problemResponses },
      },
      preValidation: wholeNumbersOnly,
    },
    async (request, reply) => {
      const { query } = request
      const format = negotiate(query.format, request.headers.accept)
      const userId = parseUserId(request.params.id)
      const directives = requestDirectives(request.headers['cache-control'])
      const lookup = await cache.lookup(userId, directives)
      const now = clock.now()
      const status = cacheStatus(lookup, now)
      reply.header('cache-status', status)
      const { response } = lookup
      if (response === undefined) throw lookup.failure
      reply.header('age', age(response, now)).header('cache-control', cacheControl(response))
      const { body: found } = response
      if (found instanceof UnknownUser) throw found.problem

      const { list } = found
      const window = windowOf(list.playlists.length, query)
      const url = `${publicUrl ?? originOf(request)}/users/${userIdSegment(userId)}/playlists`
      const body =
        format === 'text'
          ? await textBody(found, window, () => cache.recount(userId))
          : jsonBody(list, window, pagingOf(window, query, url))
      sendBuffers(reply, { 'content-type': contentType(format), vary: 'Accept' }, body)
      logLookup(request, reply, userId, status)
    },
  )
  allowOnlyReading(app, PATH)
}

/** Coercion would also take other ways to write a number, such as `0x10` and `1e1`. */
async function wholeNumbersOnly({ query }: FastifyRequest): Promise<void> {
  for (const [name, value] of Object.entries(query as Record<string, unknown>)) {
    const { type } = (querySchema.properties as Record<string, { type?: string }>)[name] ?? {}
    if (type === 'integer' && !/^\d+$/.test(String(value))) throw invalidQuery(name, querySchema)
  }
}

/** Without a `Host` field (HTTP/1.0) links are relative, which still name this service. */
function originOf({ protocol, host }: FastifyRequest): string {
  return host ? `${protocol}://${host}` : ''
}

/** Plain hits are too many to be worth a line each. */
function logLookup(
  request: FastifyRequest,
  reply: FastifyReply,
  userId: string,
  status: string,
): void {
  const level = / hit; ttl=\d/.test(status) ? 'debug' : 'info'
  const durationMs = Math.round(reply.elapsedTime)
  request.log[level]({ user_id: userId, cache: status, duration_ms: durationMs }, 'answered')
}

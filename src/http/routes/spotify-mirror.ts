import { Type } from 'typebox'
import { ownSegment, parseUserId } from '../../user-id/user-id.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { lookupErrors } from '../openapi/problem-responses.ts'
import { mirrorResponses } from '../openapi/responses.ts'
import { originOf } from '../origin.ts'
import { MIRROR_ROOT } from '../paths.ts'
import { jsonBody, type View } from '../representation/view.ts'
import { type WindowQuery, windowOf } from '../representation/window.ts'
import { wholeNumbersOnly } from '../validation.ts'
import { type ListOptions, sendList } from './playlists-response.ts'
import { userParamsSchema } from './user-playlists.ts'

const PATH = `${MIRROR_ROOT}/users/:id/playlists`

/** Spotify's bounds and defaults, which Spotify clients rely on. */
const DEFAULT_LIMIT = 20
const querySchema = Type.Object({
  limit: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 50,
      default: DEFAULT_LIMIT,
      description:
        'a whole number from 0 to 50, given once: the maximum number of playlists; 0 returns only their total',
    }),
  ),
  offset: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 100_000,
      default: 0,
      description: 'a whole number from 0 to 100000, given once: how many playlists to skip',
    }),
  ),
})

/**
 * `GET /v1/users/:id/playlists`: the same list in pages like Spotify's, for Spotify clients with this service
 * as their base URL.
 * https://developer.spotify.com/documentation/web-api/reference/get-list-users-playlists
 */
export function spotifyMirrorRoute(app: AppInstance, options: ListOptions): void {
  app.get(
    PATH,
    {
      schema: {
        operationId: 'getUserPlaylistsPage',
        tags: ['Playlists'],
        summary: 'One page of the public playlists of a Spotify user, in the format of Spotify',
        description:
          'For Spotify client libraries: set their base URL to this service and leave the client secret out. The service ignores their `Authorization` field unless the instance requires API keys; then the field carries the key. All pages come from the same cached list.',
        params: userParamsSchema,
        querystring: querySchema,
        response: { ...mirrorResponses, ...lookupErrors },
      },
      preValidation: wholeNumbersOnly(querySchema),
    },
    (request, reply) => {
      const userId = parseUserId(request.params.id)
      const origin = options.publicUrl ?? originOf(request)
      const view = mirrorView(request.query, origin, userId)
      return sendList({ request, reply, userId, view }, options)
    },
  )
  allowOnlyReading(app, PATH)
}

/** Makes Spotify's paging object: `limit` is always the requested limit, even in the links. */
function mirrorView(
  { limit = DEFAULT_LIMIT, offset = 0 }: WindowQuery,
  origin: string,
  userId: string,
): View {
  return {
    key: () => `mirror ${limit} ${offset} ${origin} ${userId}`,
    body(list) {
      const total = list.playlists.length
      const url = `${origin}${MIRROR_ROOT}/users/${ownSegment(userId)}/playlists`
      const link = (start: number) => `${url}?offset=${start}&limit=${limit}`
      // The neighbours of an empty page would be the page itself.
      const hasNeighbours = limit > 0
      return jsonBody(list, windowOf(total, { limit, offset }), {
        href: link(offset),
        limit,
        next: hasNeighbours && offset + limit < total ? link(offset + limit) : null,
        offset,
        previous: hasNeighbours && offset > 0 ? link(Math.max(0, offset - limit)) : null,
        total,
      })
    },
  }
}

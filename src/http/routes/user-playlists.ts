import { Type } from 'typebox'
import { ownSegment, parseUserId } from '../../user-id/user-id.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { lookupProblems } from '../openapi/problem-responses.ts'
import { listResponses } from '../openapi/responses.ts'
import { basePathOf, originOf } from '../origin.ts'
import { FORMATS } from '../representation/formats.ts'
import { negotiateFormat } from '../representation/negotiation.ts'
import { jsonBody, linesView, type RequestedList, type View } from '../representation/view.ts'
import { pagingOf, windowOf } from '../representation/window.ts'
import { wholeNumbersOnly } from '../validation.ts'
import { explanationOf, helpLink } from './empty-list.ts'
import { pageView } from './playlists-page.ts'
import { type ListOptions, sendList } from './playlists-response.ts'

const PATH = '/users/:id/playlists'

/** The path parameter for all routes about a single user. */
export const userParamsSchema = Type.Object({
  id: Type.String({
    description:
      'A Spotify user id, a `spotify:user:` URI, a link to a profile or a text with one such link, percent-encoded as one path segment. A display name or an e-mail address is not a user id.',
    examples: ['smedjan', 'spotify:user:smedjan'],
  }),
})

const querySchema = Type.Object({
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      description:
        'a whole number of at least 1, given once: the maximum number of playlists. A page for browsers has 50 by default, and never more than 200',
    }),
  ),
  offset: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'a whole number of at least 0, given once: how many playlists to skip',
    }),
  ),
  format: Type.Optional(
    Type.Enum([...FORMATS], {
      description: `one of ${FORMATS.join(', ')}, given once: the format, which overrides Accept`,
    }),
  ),
})

/** `GET /users/:id/playlists`: all public playlists of a user in one response. */
export function userPlaylistsRoute(app: AppInstance, options: ListOptions): void {
  const link = helpLink(basePathOf(options.publicUrl))
  app.get(
    PATH,
    {
      schema: {
        operationId: 'getUserPlaylists',
        tags: ['Playlists'],
        summary: 'All public playlists of a Spotify user',
        description:
          'All pages of Spotify in one response. With `limit` or `offset`, the response is a window of the same list, which costs no further requests to Spotify.',
        params: userParamsSchema,
        querystring: querySchema,
        response: { ...listResponses, ...lookupProblems },
      },
      preValidation: wholeNumbersOnly(querySchema),
    },
    (request, reply) => {
      const { query, params } = request
      const format = negotiateFormat(query.format, request.headers.accept)
      const userId = parseUserId(params.id)
      const requested = { userId, pasted: params.id, query, link }
      const { publicUrl } = options
      if (format === 'html') {
        const page = { publicUrl, namesFormat: query.format === 'html' }
        const view = pageView.bind(undefined, requested, page)
        return sendList({ request, reply, userId, view }, options)
      }
      const view =
        format === 'json'
          ? jsonView(requested, publicUrl ?? originOf(request))
          : linesView(format, requested)
      return sendList({ request, reply, userId, view }, options)
    },
  )
  allowOnlyReading(app, PATH)
}

/** Returns the requested window as Spotify's paging object, with our own members. */
function jsonView({ userId, pasted, query, link }: RequestedList, origin: string): View {
  return {
    key(total) {
      const key = `json ${query.limit} ${query.offset} ${origin} ${userId}`
      return total === 0 ? `${key}\n${explanationOf(pasted)}` : key
    },
    body(list) {
      const { length } = list.playlists
      const url = `${origin}/users/${ownSegment(userId)}/playlists`
      const explanation = length === 0 ? explanationOf(pasted) : undefined
      const members = { ...pagingOf(length, query, url), complete: list.complete, explanation }
      const body = jsonBody(list, windowOf(length, query), members)
      const linkFields = length === 0 ? ['link', link] : []
      return { ...body, vary: 'Accept, Accept-Encoding', fields: [...body.fields, ...linkFields] }
    },
  }
}

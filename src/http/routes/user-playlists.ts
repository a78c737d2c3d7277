import { Type } from 'typebox'
import { ownSegment, parseUserId } from '../../user-id/user-id.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { lookupProblems } from '../openapi/problem-responses.ts'
import { listResponses } from '../openapi/responses.ts'
import { basePathOf, originOf } from '../origin.ts'
import { wholeNumbersOnly } from '../query.ts'
import { FORMATS } from '../representation/formats.ts'
import { negotiateFormat } from '../representation/negotiation.ts'
import { jsonBody, linesView, type RequestedList, type View } from '../representation/view.ts'
import { pagingOf, windowOf } from '../representation/window.ts'
import { explanationOf, helpLink } from './empty-list.ts'
import { type ListOptions, sendList } from './playlists-response.ts'

const PATH = '/users/:id/playlists'

/** Shared by all routes about one user. */
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
      description: 'a whole number from 1 on, given once: how many playlists at most',
    }),
  ),
  offset: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'a whole number from 0 on, given once: how many playlists to leave out first',
    }),
  ),
  format: Type.Optional(
    Type.Enum([...FORMATS], {
      description: `one of ${FORMATS.join(', ')}, given once: the format, whatever Accept says`,
    }),
  ),
})

/** `GET /users/:id/playlists`: all public playlists of a user in one answer. */
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
          'Every page that Spotify has, in one answer. With `limit` or `offset`, a window of the same list that costs no further requests to Spotify.',
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
      const asked = { userId, pasted: params.id, query, link }
      const view =
        format === 'json'
          ? jsonView(asked, options.publicUrl ?? originOf(request))
          : linesView(format, asked)
      return sendList({ request, reply, userId, view }, options)
    },
  )
  allowOnlyReading(app, PATH)
}

/** The asked window of a list as Spotify's paging object, with the members that are ours. */
function jsonView({ userId, pasted, query, link }: RequestedList, origin: string): View {
  return {
    key(total) {
      const key = `json ${query.limit} ${query.offset} ${origin} ${userId}`
      return total === 0 ? `${key}\n${explanationOf(pasted)}` : key
    },
    body(list) {
      const { length } = list.playlists
      const window = windowOf(length, query)
      const url = `${origin}/users/${ownSegment(userId)}/playlists`
      const explanation = length === 0 ? explanationOf(pasted) : undefined
      const members = { ...pagingOf(window, query, url), complete: list.complete, explanation }
      const body = jsonBody(list, window, members)
      const linkFields = length === 0 ? ['link', link] : []
      return { ...body, vary: 'Accept, Accept-Encoding', fields: [...body.fields, ...linkFields] }
    },
  }
}

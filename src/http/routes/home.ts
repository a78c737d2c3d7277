import { Type } from 'typebox'
import { Problem } from '../../problems/problem.ts'
import { lookalikeOf } from '../../user-id/lookalikes.ts'
import { pastedName } from '../../user-id/pasted-name.ts'
import { reasonOf } from '../../user-id/refuse-id.ts'
import { ownSegment, parseUserId } from '../../user-id/user-id.ts'
import { bestMediaType, prefersPage, varyByAccept } from '../accept.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { homeResponses } from '../openapi/responses.ts'
import { homeIndex, homePage, homeText } from '../pages/home-page.ts'
import { PAGE_FIELDS } from '../pages/layout.ts'
import { contextOf } from '../request-context.ts'
import { sendPage, sendRepresentation } from '../send.ts'
import { once, staticRepresentation } from '../static-representation.ts'
import { checkFieldSize } from '../validation.ts'

const querySchema = Type.Object({
  user: Type.Optional(
    Type.String({
      description: 'a link to a profile, a Spotify URI or a user id, given once',
    }),
  ),
})

/** The home page media types. Clients that accept anything get the first. */
const MEDIA_TYPES = ['text/plain', 'application/json', 'text/html'] as const

/**
 * `GET /`: a form for browsers, and the service paths for all other clients. With `user`, redirects (303) to
 * that user's playlists. If `user` names no user, a browser gets the form again.
 */
export function homeRoute(
  app: AppInstance,
  basePath: string,
  exampleUsers: readonly string[] = [],
): void {
  const fixed = (text: string, type: (typeof MEDIA_TYPES)[number]) =>
    staticRepresentation(text, {
      contentType: `${type}; charset=utf-8`,
      vary: 'Accept',
      fields: type === 'text/html' ? PAGE_FIELDS : [],
    })
  const representations = {
    'text/plain': once(() => fixed(homeText(basePath), 'text/plain')),
    'application/json': once(() => fixed(homeIndex(basePath), 'application/json')),
    'text/html': once(() => fixed(homePage({ basePath, exampleUsers }), 'text/html')),
  }

  app.get(
    '/',
    {
      schema: {
        operationId: 'getHome',
        tags: ['Help'],
        summary: 'A form for a user, or the paths of this service',
        querystring: querySchema,
        response: homeResponses,
      },
    },
    (request, reply) => {
      const { user } = request.query
      const { accept } = request.headers
      if (user === undefined) {
        return sendRepresentation(reply, representations[mediaTypeFor(accept)](), [])
      }
      reply.header('cache-control', 'no-store')
      try {
        reply.redirect(`${basePath}/users/${segmentOf(user)}/playlists`, 303)
      } catch (error) {
        if (!(error instanceof Problem) || !prefersPage(request.url, accept)) throw error
        contextOf(request).problem = error
        const reason = reasonOf(error.message)
        const page = homePage({ basePath, exampleUsers, value: user, error: reason })
        varyByAccept(reply)
        sendPage(reply, page, PAGE_FIELDS, 400)
      }
    },
  )
  allowOnlyReading(app, '/')
}

/**
 * Returns the path segment for the user in a pasted text. Only upper case distinguishes a playlist id from a
 * user id, so the segment for such an id keeps its case, and the empty list can say what the id looks like.
 */
function segmentOf(pasted: string): string {
  const userId = parseUserId(pasted)
  const name = pastedName(pasted)
  return lookalikeOf(name) === 'content-id' ? name : ownSegment(userId)
}

function mediaTypeFor(accept: string | undefined): (typeof MEDIA_TYPES)[number] {
  if (accept === undefined) return 'text/plain'
  checkFieldSize('Accept', accept)
  return bestMediaType(accept, MEDIA_TYPES) ?? 'text/plain'
}

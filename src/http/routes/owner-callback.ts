import type { FastifyReply } from 'fastify'
import type { ConsentResult, Consents } from '../../links/consents.ts'
import { Problem } from '../../problems/problem.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnly } from '../methods.ts'
import { ownerCallbackResponses } from '../openapi/owner-responses.ts'
import { OWNER_ROOT } from '../paths.ts'

export const OWNER_TAGS = ['Linked accounts']

/**
 * `GET /link/callback`: Spotify sends the owner's browser here with a code or an error. The route redirects to
 * the page for the new link, or responds with the problem.
 */
export function callbackRoute(app: AppInstance, consents: Consents, basePath: string): void {
  const path = `${OWNER_ROOT}/callback`
  app.get(
    path,
    {
      // A HEAD would use up the code.
      exposeHeadRoute: false,
      schema: {
        operationId: 'finishAuthorization',
        tags: OWNER_TAGS,
        summary: 'Where Spotify sends the browser of the owner',
        response: ownerCallbackResponses,
      },
    },
    async (request, reply) => {
      const query = new URLSearchParams(/\?(.*)/s.exec(request.url)?.[1])
      return sendResult(reply, await consents.complete(query), basePath)
    },
  )
  allowOnly(app, path, ['GET'])
}

/**
 * Redirects to the page for a new link.
 *
 * @throws {Problem} if there is no new link
 */
export function sendResult(
  reply: FastifyReply,
  result: ConsentResult,
  basePath: string,
): FastifyReply {
  switch (result.kind) {
    case 'linked':
      return redirected(reply, `${basePath}${OWNER_ROOT}/${result.ticket}`)
    case 'invalid':
      throw new Problem(
        'link-invalid',
        'The address with which Spotify sent you back is used, incomplete, or more than ten minutes old.',
      )
    case 'declined':
      throw new Problem(
        'link-declined',
        `The owner of the account ${result.userId} did not agree at Spotify.`,
      )
    case 'wrong-account':
      throw new Problem(
        'link-wrong-account',
        `The account that agreed at Spotify is not ${result.userId}, or it allowed more than reading what is public.`,
      )
  }
}

/** Redirects a browser that sent a form or that Spotify sent back. */
export function redirected(reply: FastifyReply, url: string): FastifyReply {
  return reply
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .redirect(url, 303)
}

import { Type } from 'typebox'
import type { Consents } from '../../links/consents.ts'
import { reportOf } from '../../links/link-report.ts'
import type { Links } from '../../links/links.ts'
import { Problem } from '../../problems/problem.ts'
import { reasonOf } from '../../user-id/refuse-id.ts'
import { parseUserId } from '../../user-id/user-id.ts'
import type { AppInstance } from '../app-instance.ts'
import { allowOnly } from '../methods.ts'
import { invitationResponses, linksResponses, unlinkResponses } from '../openapi/link-responses.ts'
import { originOf } from '../origin.ts'
import { OWNER_ROOT } from '../paths.ts'
import { userParamsSchema } from './user-playlists.ts'

export interface LinksRoutesOptions {
  links: Links
  consents: Consents
  redirectUri: string
  /** The base URL where owners reach this service; if undefined, the origin of each request. */
  publicUrl: string | undefined
}

const PATH = '/links'
/** Far longer than any profile link. */
const MAX_BODY_BYTES = 16_384
/** No cache and no other site may learn the address of an owner's page. */
const FIELDS = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }

const WHOM_TO_NAME = 'Send the user id, or the link that "Copy link to profile" in Spotify gives.'

const tags = ['Linked accounts']
const invitation = Type.Object(
  {
    user: Type.String({
      description: 'A user id, a `spotify:user:` URI or a link to a profile.',
      examples: ['smedjan'],
    }),
  },
  {
    description:
      'a JSON object such as {"user": "smedjan"}, of at most 16 kB, with the Content-Type application/json',
  },
)

/** The admin routes to invite owners, list linked accounts and unlink them. */
export function linksRoutes(app: AppInstance, options: LinksRoutesOptions): void {
  const { links, consents, redirectUri, publicUrl } = options
  app.post(
    PATH,
    {
      bodyLimit: MAX_BODY_BYTES,
      schema: {
        operationId: 'inviteOwner',
        tags,
        summary: 'Invites the owner of an account to link it',
        description:
          'Send the address in `page` to the owner of the account. For 24 hours, it can link this account and no other one.',
        body: invitation,
        response: invitationResponses,
      },
    },
    async (request, reply) => {
      const user = invitedUser(request.body.user)
      const { ticket, expiresAt } = await consents.invite(user)
      reply.code(201).headers(FIELDS)
      return {
        user,
        page: `${publicUrl ?? originOf(request)}${OWNER_ROOT}/${ticket}`,
        expires_at: new Date(expiresAt).toISOString(),
      }
    },
  )
  app.get(
    PATH,
    {
      schema: {
        operationId: 'getLinks',
        tags,
        summary: 'All linked accounts and their states',
        response: linksResponses,
      },
    },
    async (_request, reply) => {
      reply.headers(FIELDS)
      return { redirect_uri: redirectUri, links: links.list().map(reportOf) }
    },
  )
  allowOnly(app, PATH, ['GET', 'HEAD', 'POST'])

  const path = `${PATH}/:id`
  app.delete(
    path,
    {
      schema: {
        operationId: 'unlink',
        tags,
        summary: 'Ends the link to an account',
        description:
          'Deletes the token and the cached lists before it responds; the response is the same if there is no such link. Earlier invitations of that user no longer work. The owner can also remove the app at https://www.spotify.com/account/apps/.',
        params: userParamsSchema,
        response: unlinkResponses,
      },
    },
    async (request, reply) => {
      await links.remove(parseUserId(request.params.id))
      return reply.code(204).headers(FIELDS).send()
    },
  )
  allowOnly(app, path, ['DELETE'])
}

/**
 * Returns the user id from an invitation request.
 *
 * @throws {Problem} `invalid-user-id`, with advice for a JSON body, where links are not percent-encoded.
 */
function invitedUser(user: string): string {
  try {
    return parseUserId(user)
  } catch (error) {
    const reason = reasonOf((error as Problem).message)
    throw new Problem('invalid-user-id', `Member "user": ${reason} ${WHOM_TO_NAME}`, {
      cause: error,
    })
  }
}

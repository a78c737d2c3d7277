import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../../problems/problem.ts'
import { ownSegment, parseUserId } from '../../user-id/user-id.ts'
import { linksIn } from '../../user-id/user-links.ts'
import type { AppInstance } from '../app-instance.ts'
import { isMirrorPath, MIRROR_ROOT } from '../problem-body.ts'
import { suggestedPaths } from './near-misses.ts'

/** A path with several segments where the user belongs. */
const USER_IN_SEGMENTS = /^(\/v1)?\/users\/(.*\/.*)$/is
/** With a scheme it is certainly a link, so that the problem says what is wrong with it. */
const CERTAIN_LINK = /^[a-z][a-z\d+.-]*:\//i
/** The query parameters of this service; the others belong to the link. */
const OWN_PARAMETER = /^(?:limit|offset|format)=/

/**
 * Answers requests for paths that do not exist. A profile link that is not percent-encoded is
 * redirected (308) to the path of its user; everything else gets 404, with the path that was probably
 * meant. These paths begin with `basePath`.
 */
export function handleUnknownPaths(app: AppInstance, basePath: string): void {
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const [path = '', ...queries] = request.url.split('?')
    const isReading = request.method === 'GET' || request.method === 'HEAD'
    const pathOfUser = isReading ? pathOfLink(path) : undefined
    if (pathOfUser === undefined) throw notFound(path, basePath)
    const kept = queries
      .join('&')
      .split('&')
      .filter(parameter => OWN_PARAMETER.test(parameter))
    const query = kept.length === 0 ? '' : `?${kept.join('&')}`
    reply.header('cache-control', 'no-store').redirect(basePath + pathOfUser + query, 308)
  })
}

/**
 * The path of the user whose profile link is part of this path, not encoded at all or with slashes
 * that are not; undefined without a link.
 *
 * @throws {Problem} `invalid-user-id` for a link that does not name a user
 */
function pathOfLink(path: string): string | undefined {
  const [, root = '', rest = ''] = USER_IN_SEGMENTS.exec(path) ?? []
  // A path with a broken escape does not get here.
  for (const text of [rest, decodeURIComponent(rest)]) {
    const [link] = linksIn(text)
    if (link?.start !== 0) continue
    if (link.kind === 'user' || link.kind === 'short' || CERTAIN_LINK.test(text)) {
      return `${root.toLowerCase()}/users/${ownSegment(parseUserId(text))}/playlists`
    }
  }
  return undefined
}

function notFound(path: string, basePath: string): Problem {
  const paths = suggestedPaths(path).map(meant => basePath + meant)
  if (paths.length > 0) {
    return new Problem(
      'not-found',
      `There is nothing here; ${paths.join(' or ')} is probably meant.`,
    )
  }
  const root = basePath + (isMirrorPath(path) ? MIRROR_ROOT : '')
  return new Problem(
    'not-found',
    `There is nothing here. The playlists of a user are at ${root}/users/{id}/playlists. A link in place of the id is percent-encoded as one segment, or reduced to the part after /user/.`,
  )
}

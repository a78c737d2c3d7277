import { Problem } from '../../problems/problem.ts'
import { ownSegment, parseUserId } from '../../user-id/user-id.ts'
import { linksIn } from '../../user-id/user-links.ts'
import type { AppInstance } from '../app-instance.ts'
import { isMirrorPath, MIRROR_ROOT } from '../paths.ts'
import { suggestedPaths } from './near-misses.ts'

/** A path with several segments in place of the user id. */
const USER_IN_SEGMENTS = /^(\/v1)?\/users\/(.*\/.*)$/is
/** A text with a scheme is certainly a link, so the problem can explain what is wrong. */
const CERTAIN_LINK = /^[a-z][a-z\d+.-]*:\//i
/** Our query parameters. Any other parameter belongs to the link. */
const OWN_PARAMETER = /^(?:limit|offset|format)=/

/**
 * Handles requests for unknown paths. A profile link without percent-encoding gets a redirect (308) to the
 * user's path. Any other path gets a 404 with the path the caller probably meant. Paths in responses begin with
 * `basePath`.
 */
export function handleUnknownPaths(app: AppInstance, basePath: string): void {
  app.setNotFoundHandler((request, reply) => {
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
 * Returns the path to the user's playlists if `path` has a profile link in place of the user id; else
 * undefined. Callers might leave the entire link or only the slashes unencoded.
 *
 * @throws {Problem} `invalid-user-id` if the link names no user
 */
function pathOfLink(path: string): string | undefined {
  const [, root = '', rest = ''] = USER_IN_SEGMENTS.exec(path) ?? []
  // Fastify refuses paths with a broken escape, so this does not throw.
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
      `There is nothing here. You probably mean ${paths.join(' or ')}.`,
      { meantPaths: paths },
    )
  }
  const root = basePath + (isMirrorPath(path) ? MIRROR_ROOT : '')
  return new Problem(
    'not-found',
    `There is nothing here. The playlists of a user are at ${root}/users/{id}/playlists. To use a link as the id, percent-encode it as one segment, or send only the part after /user/.`,
  )
}

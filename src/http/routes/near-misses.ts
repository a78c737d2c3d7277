import { loggableUserId } from '../../lib/loggable-target.ts'
import { lookalikeOf } from '../../user-id/lookalikes.ts'
import { ownSegment, parseUserId } from '../../user-id/user-id.ts'

/** Our paths, with the paths other services use for the same purpose. */
const NAMES: readonly (readonly [paths: readonly string[], names: readonly string[]])[] = [
  [
    ['/health/live', '/health/ready'],
    ['/health', '/healthz', '/healthcheck', '/actuator/health'],
  ],
  [['/health/live'], ['/live', '/livez', '/liveness', '/health/liveness', '/alive', '/ping']],
  [['/health/ready'], ['/ready', '/readyz', '/readiness', '/health/readiness']],
  [['/metrics'], ['/metric', '/prometheus', '/actuator/prometheus']],
  [['/status'], ['/state', '/stats', '/info', '/version']],
  [['/problems'], ['/problem', '/errors']],
  [['/openapi.yaml'], ['/openapi', '/openapi.yml', '/openapi.json', '/swagger.json', '/api-docs']],
  [['/docs/'], ['/doc', '/documentation', '/swagger', '/swagger-ui', '/swagger-ui.html', '/redoc']],
]

const PATHS = new Map(
  NAMES.flatMap(([paths, names]) => [
    ...names.map(name => [name, paths] as const),
    // The path itself in upper case or with an extra slash.
    ...paths.map(path => [path.replace(/\/$/, ''), [path]] as const),
  ]),
)

/**
 * A path with a user and a wrong start or end; without `/v1/playlists/{id}`, Spotify's path for a single
 * playlist.
 */
const USER_PATH =
  /^(?:\/api)?(?:(\/v1)?\/(?:users?\/([^/]+)(?:\/.*)?|([^/]+)\/playlists?)|\/playlists?\/([^/]+))$/i

const MAX_SEGMENT_LENGTH = 100

/** Returns the paths probably meant by a request for an unknown path; empty if none is likely. */
export function suggestedPaths(path: string): readonly string[] {
  const tidy = `/${path.split('/').filter(Boolean).join('/')}`
  const known = PATHS.get(tidy.toLowerCase())
  if (known !== undefined) return known
  const [, root = '', ...users] = USER_PATH.exec(tidy) ?? []
  const segment = users.find(user => user !== undefined)
  return segment === undefined ? [] : [`${root.toLowerCase()}/users/${shown(segment)}/playlists`]
}

/** Returns the user id in a path segment, or `{id}` if the id is unlikely, long, or might contain a key. */
function shown(segment: string): string {
  try {
    const name = decodeURIComponent(segment)
    const userId = parseUserId(name)
    const own = ownSegment(userId)
    const isLikely = lookalikeOf(name) === undefined && loggableUserId(userId) === userId
    return isLikely && own.length <= MAX_SEGMENT_LENGTH ? own : '{id}'
  } catch {
    return '{id}'
  }
}

import { type Problem, type ProblemBody, problemBody } from '../problems/problem.ts'

/** The media type of RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json'

/** The path below which responses have Spotify's format. */
export const MIRROR_ROOT = '/v1'

/** The path below which owners of accounts have their pages. */
export const OWNER_ROOT = '/link'

/** Whether a path is the mirror's root or below it. */
export function isMirrorPath(path: string): boolean {
  return path === MIRROR_ROOT || path.startsWith(`${MIRROR_ROOT}/`)
}

/**
 * The response body of a problem: RFC 9457, or Spotify's error format below the mirror's root, for
 * clients of Spotify. `basePath` is the path that a proxy adds to `path`.
 * https://developer.spotify.com/documentation/web-api/concepts/api-calls
 */
export function problemResponse(
  problem: Problem,
  path: string,
  requestId: string,
  basePath: string,
): { mediaType: string; body: ProblemBody | Pick<ProblemBody, 'error'> } {
  const body = problemBody(problem, basePath + path, requestId, basePath)
  return isMirrorPath(path)
    ? { mediaType: 'application/json', body: { error: body.error } }
    : { mediaType: PROBLEM_TYPE, body }
}

/** Whether the body has the members of RFC 9457, not only Spotify's. */
export function isProblemBody(body: object): body is ProblemBody {
  return 'type' in body
}

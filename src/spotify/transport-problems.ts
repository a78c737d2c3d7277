import { errors } from 'undici'
import { Problem } from '../problems/problem.ts'
import { ProxyError } from './tunnels.ts'

/** undici and Node error codes for a response that breaks off. */
const BROKEN_OFF = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])

/** The problem for an unusable response; `transient` if a retry might succeed. */
export function badResponse(
  detail: string,
  facts: { cause?: unknown; transient?: boolean } = {},
): Problem {
  return new Problem('spotify-bad-response', detail, facts)
}

/** The problem for a response larger than any page. */
export function tooLarge(cause: unknown): Problem {
  return badResponse('The response of Spotify is larger than any page.', { cause })
}

/** The `code` on a Node or undici error; the string `undefined` if there is none. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code)
}

/** The problem for an error before the response ends. */
export function networkProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof ProxyError) return unavailable(error.message, error, error.transient)
  if (error instanceof errors.ResponseExceededMaxSizeError) return tooLarge(error)
  if (error instanceof errors.HTTPParserError || BROKEN_OFF.has(codeOf(error))) {
    return badResponse('The response of Spotify broke off.', { cause: error, transient: true })
  }
  return unavailable('Cannot connect to Spotify.', error)
}

/** The problem when the request did not reach Spotify, or got no response. */
export function unavailable(detail: string, cause: unknown, transient = true): Problem {
  return new Problem('spotify-unavailable', detail, { cause, transient })
}

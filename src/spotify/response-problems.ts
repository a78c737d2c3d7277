import { errors } from 'undici'
import { Problem } from '../problems/problem.ts'
import { ProxyError } from './tunnels.ts'

/** What undici and Node call a response that began but cannot be read to its end. */
const BROKEN_OFF = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])

/** The response is of no use; `transient` when the same request may well bring a usable one. */
export function badResponse(
  detail: string,
  facts: { cause?: unknown; transient?: boolean } = {},
): Problem {
  return new Problem('spotify-bad-response', detail, facts)
}

/** The response is larger than a whole page of Spotify can be. */
export function tooLarge(cause: unknown): Problem {
  return badResponse('The answer of Spotify is larger than any page can be.', { cause })
}

/** The `code` of an error of Node or undici; `undefined` as text when there is none. */
export function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code)
}

/** What a request failed with before its response was read to the end. */
export function networkProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof ProxyError) return unavailable(error.message, error, error.transient)
  if (error instanceof errors.ResponseExceededMaxSizeError) return tooLarge(error)
  if (error instanceof errors.HTTPParserError || BROKEN_OFF.has(codeOf(error))) {
    return badResponse('The answer of Spotify broke off.', { cause: error, transient: true })
  }
  return unavailable('Spotify could not be reached.', error)
}

/** Spotify could not be asked, or did not answer. */
export function unavailable(detail: string, cause: unknown, transient = true): Problem {
  return new Problem('spotify-unavailable', detail, { cause, transient })
}

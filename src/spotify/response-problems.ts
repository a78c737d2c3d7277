import { Problem } from '../problems.ts'

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

/** Statuses below 500 that say nothing against the request: RFC 9110 15.5.9, 15.5.20, RFC 8470 5.2. */
const TEMPORARY = new Set([408, 421, 425])

/** Whether the same request may well succeed when it is sent again. */
export function isTemporary(status: number): boolean {
  return status >= 500 || TEMPORARY.has(status)
}

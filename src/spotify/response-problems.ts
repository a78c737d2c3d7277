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

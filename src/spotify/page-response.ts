import { userNotFound } from '../playlists/cached-playlists.ts'
import { isObject, PAGE_SIZE, type Page } from '../playlists/serialised-page.ts'
import { Problem, type ProblemOptions } from '../problems/problem.ts'
import { accessDenied, Refusal, tooManyRequests } from './gate/diagnosis.ts'
import { isTemporary, parseRetryAfter, rateLimitedUntil } from './retry-after.ts'
import type { SpotifyResponse } from './transport.ts'

/** Bounds how long a page blocks the event loop. */
const MAX_ENTRIES = 2 * PAGE_SIZE

/** The problem for a denial with this body. */
export type DenialReader = (originStatus: 401 | 403, body: string) => Problem

/**
 * Reads the page in a response received at `now` (epoch ms), other than a 401. A list longer than `maxPages` is
 * a bad response. `denied` reads a 403 body.
 *
 * @throws {Problem} the problem shown by the response, if it has no page.
 */
export function readPage(
  response: SpotifyResponse,
  maxPages: number,
  now: number,
  denied: DenialReader = accessDenied,
): Page {
  if (response.status !== 200) throw responseProblem(response, now, denied)
  let value: unknown
  try {
    value = JSON.parse(response.body)
  } catch (cause) {
    throw badPage('it is not JSON', cause)
  }
  if (!isObject(value)) throw badPage('it is not a paging object')
  const { total, items } = value
  if (!Number.isSafeInteger(total) || (total as number) < 0) throw badPage('"total" is not a count')
  if ((total as number) > maxPages * PAGE_SIZE)
    throw badPage(`the list has more than ${maxPages} pages`)
  if (!Array.isArray(items)) throw badPage('"items" is not an array')
  if (items.length > MAX_ENTRIES) throw badPage(`it has more than ${MAX_ENTRIES} entries`)
  if (!items.every(entry => entry === null || isObject(entry))) {
    throw badPage('an entry of "items" is not an object')
  }
  const { href } = value
  return { total: total as number, entries: items, ...(typeof href === 'string' && { href }) }
}

/** The problem for a status other than 200 and 401. The body text only tells causes apart. */
export function responseProblem(
  { status, headers, body }: SpotifyResponse,
  now: number,
  denied: DenialReader,
): Problem {
  if (status === 403) return denied(status, body)
  if (status === 404) return userNotFound()
  if (status === 429) {
    return tooManyRequests(body, rateLimitedUntil(headers['retry-after'], now))
  }
  const retryAt = parseRetryAfter(headers['retry-after'], now)
  const facts = { originStatus: status, retryAt }
  if (isTemporary(status)) {
    const detail = `Spotify responded with status ${status}, which is usually temporary. Retry soon.`
    return new Problem('spotify-unavailable', detail, {
      ...facts,
      transient: retryAt === undefined,
    })
  }
  const refused = REFUSED_REQUESTS.find(({ words }) => status === 400 && words.test(body))
  if (refused === undefined) return badResponse(`its status is ${status}`, facts)
  return new Refusal('spotify-bad-response', 'request-refused', refused.explanation, facts)
}

/** Texts in a 400 about the request as built by this service, not about the user. */
const REFUSED_REQUESTS = [
  { words: /invalid limit/i, explanation: `Spotify refuses pages of ${PAGE_SIZE} playlists.` },
  {
    words: /invalid offset/i,
    explanation: 'Spotify refuses to list playlists this far from the first one.',
  },
  {
    words: /bearer authentication/i,
    explanation: 'Spotify refuses the syntax of the access token.',
  },
] as const

function badPage(reason: string, cause?: unknown): Problem {
  return badResponse(reason, { cause, originStatus: 200 })
}

function badResponse(reason: string, facts: ProblemOptions = {}): Problem {
  const detail = `The response of Spotify is unusable: ${reason}.`
  return new Problem('spotify-bad-response', detail, facts)
}

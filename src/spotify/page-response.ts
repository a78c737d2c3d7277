import { userNotFound } from '../playlists/cached-playlists.ts'
import { PAGE_SIZE, type Page } from '../playlists/serialised-page.ts'
import { Problem, type ProblemOptions } from '../problems/problem.ts'
import { accessDenied, Refusal, tooManyRequests } from './gate/diagnosis.ts'
import { instantNamed, isTemporary, retryAfterInstant } from './retry-after.ts'
import type { SpotifyResponse } from './transport.ts'

/** Going through more entries would hold up every other caller. */
const MAX_ENTRIES = 2 * PAGE_SIZE

/**
 * The page in a response other than a 401 that arrived at `now` (epoch ms). A list of more than
 * `maxPages` is a bad response.
 *
 * @throws {Problem} what the response means when it holds none.
 */
export function readPage(response: SpotifyResponse, maxPages: number, now: number): Page {
  if (response.status !== 200) throw refusal(response, now)
  let value: unknown
  try {
    value = JSON.parse(response.body)
  } catch (cause) {
    throw badPage('it is not JSON', cause)
  }
  if (!isObject(value)) throw badPage('it is no paging object')
  const { total, items } = value
  if (!Number.isSafeInteger(total) || (total as number) < 0) throw badPage('"total" is no count')
  if ((total as number) > maxPages * PAGE_SIZE)
    throw badPage(`it names more than ${maxPages} pages`)
  if (!Array.isArray(items)) throw badPage('"items" is no array')
  if (items.length > MAX_ENTRIES) throw badPage(`it has more than ${MAX_ENTRIES} entries`)
  if (!items.every(entry => entry === null || isObject(entry))) {
    throw badPage('an entry of "items" is no playlist')
  }
  return { total: total as number, entries: items }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The problem behind a status other than 200 and 401. The body only tells causes apart. */
function refusal({ status, headers, body }: SpotifyResponse, now: number): Problem {
  if (status === 403) return accessDenied(status, body)
  const originStatus = status
  if (status === 404) return userNotFound()
  if (status === 429) {
    return tooManyRequests(body, retryAfterInstant(headers['retry-after'], now))
  }
  const retryAt = instantNamed(headers['retry-after'], now)
  const facts = { originStatus, retryAt }
  if (isTemporary(status)) {
    const detail = `Spotify answered with status ${status}, which usually passes. Ask again soon.`
    return new Problem('spotify-unavailable', detail, {
      ...facts,
      transient: retryAt === undefined,
    })
  }
  const refused = REFUSED_REQUESTS.find(({ words }) => status === 400 && words.test(body))
  if (refused === undefined) return badResponse(`its status is ${status}`, facts)
  return new Refusal('spotify-bad-response', 'request-refused', refused.explanation, facts)
}

/** Words of a 400 that is about the request as this service builds it, not about the user. */
const REFUSED_REQUESTS = [
  { words: /invalid limit/i, explanation: `Spotify refuses pages of ${PAGE_SIZE} playlists.` },
  {
    words: /invalid offset/i,
    explanation: 'Spotify refuses to list playlists this far from the first one.',
  },
  {
    words: /bearer authentication/i,
    explanation: 'Spotify refuses the form of the app token.',
  },
] as const

function badPage(reason: string, cause?: unknown): Problem {
  return badResponse(reason, { cause, originStatus: 200 })
}

function badResponse(reason: string, facts: ProblemOptions = {}): Problem {
  const detail = `The answer of Spotify is unusable: ${reason}.`
  return new Problem('spotify-bad-response', detail, facts)
}

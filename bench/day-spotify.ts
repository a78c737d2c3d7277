import { DAY_MS, playlistsAt } from './day-world.ts'

const HOUR_MS = 3600_000
export const PAGE = 50

/** Web API requests a day; Spotify refuses the rest. */
export const QUOTA = 24_000
/** Every request gets a 503. */
const OUTAGE = { fromMs: 9 * HOUR_MS, untilMs: 9 * HOUR_MS + 40 * 60_000 }
/** Every request gets a 429 with the remaining time. */
const RATE_LIMIT = { fromMs: 13 * HOUR_MS, untilMs: 13 * HOUR_MS + 30 * 60_000 }

/** The response to a page request. */
export type SpotifyResponse =
  | { kind: '200'; total: number; items: number }
  | { kind: '503' }
  | { kind: '429 rate limit' | '429 quota'; retryAfterSeconds: number }

/** Spotify on that day, with two incidents and a quota. */
export class SpotifyOfTheDay {
  /** Requests by response kind. */
  readonly kinds: Record<string, number> = {}
  #spent = 0

  /** The number of requests. */
  get requests(): number {
    return Object.values(this.kinds).reduce((sum, count) => sum + count, 0)
  }

  request(user: number, offset: number, atMs: number): SpotifyResponse {
    const response = this.#respond(user, offset, atMs)
    this.kinds[response.kind] = (this.kinds[response.kind] ?? 0) + 1
    return response
  }

  #respond(user: number, offset: number, atMs: number): SpotifyResponse {
    if (this.#spent >= QUOTA) return refused('429 quota', DAY_MS - atMs)
    this.#spent++
    if (isWithin(OUTAGE, atMs)) return { kind: '503' }
    if (isWithin(RATE_LIMIT, atMs)) return refused('429 rate limit', RATE_LIMIT.untilMs - atMs)
    const total = playlistsAt(user, atMs)
    return { kind: '200', total, items: Math.min(PAGE, Math.max(0, total - offset)) }
  }
}

function refused(kind: '429 rate limit' | '429 quota', forMs: number): SpotifyResponse {
  return { kind, retryAfterSeconds: Math.max(1, Math.ceil(forMs / 1000)) }
}

function isWithin({ fromMs, untilMs }: typeof OUTAGE, atMs: number): boolean {
  return atMs >= fromMs && atMs < untilMs
}

import { DAY_MS, playlistsAt } from './day-world.ts'

const HOUR_MS = 3600_000
export const PAGE = 50

/** Web API requests in the day; Spotify refuses all beyond it until the day is over. */
export const QUOTA = 24_000
/** Every request fails. */
const OUTAGE = { fromMs: 9 * HOUR_MS, untilMs: 9 * HOUR_MS + 40 * 60_000 }
/** Every request is refused with the time that is left. */
const RATE_LIMIT = { fromMs: 13 * HOUR_MS, untilMs: 13 * HOUR_MS + 30 * 60_000 }

/** What Spotify says to the request for a page. */
export type SpotifyAnswer =
  | { kind: '200'; total: number; items: number }
  | { kind: '503' }
  | { kind: '429 rate limit' | '429 quota'; retryAfterSeconds: number }

/** Spotify on that day, as one who asks finds it: two incidents, and a quota. */
export class SpotifyOfTheDay {
  /** Requests so far, by what they were answered with. */
  readonly kinds: Record<string, number> = {}
  #spent = 0

  /** All requests so far. */
  get requests(): number {
    return Object.values(this.kinds).reduce((sum, count) => sum + count, 0)
  }

  ask(user: number, offset: number, atMs: number): SpotifyAnswer {
    const answer = this.#answer(user, offset, atMs)
    this.kinds[answer.kind] = (this.kinds[answer.kind] ?? 0) + 1
    return answer
  }

  #answer(user: number, offset: number, atMs: number): SpotifyAnswer {
    if (this.#spent >= QUOTA) return refused('429 quota', DAY_MS - atMs)
    this.#spent++
    if (isWithin(OUTAGE, atMs)) return { kind: '503' }
    if (isWithin(RATE_LIMIT, atMs)) return refused('429 rate limit', RATE_LIMIT.untilMs - atMs)
    const total = playlistsAt(user, atMs)
    return { kind: '200', total, items: Math.min(PAGE, Math.max(0, total - offset)) }
  }
}

function refused(kind: '429 rate limit' | '429 quota', forMs: number): SpotifyAnswer {
  return { kind, retryAfterSeconds: Math.max(1, Math.ceil(forMs / 1000)) }
}

function isWithin({ fromMs, untilMs }: typeof OUTAGE, atMs: number): boolean {
  return atMs >= fromMs && atMs < untilMs
}

import type { Clock } from '../clock.ts'
import { Problem } from '../problems.ts'
import { RollingCount } from '../rolling-count.ts'

const DAY_MS = 86_400_000
const BUCKET_MS = 5 * 60_000
/** Callers who wait come first: what is refreshed behind an answer can do without. */
const BACKGROUND_SHARE = 0.8

/**
 * Counts the Web API requests of this process over the last 24 hours, and holds them below the
 * limit in any 24 hours, if there is one. In buckets of 5 minutes, so that a request may be counted
 * for up to 5 minutes longer, never shorter.
 */
export class DailyBudget {
  readonly #requests = new RollingCount(DAY_MS, BUCKET_MS)
  readonly #clock: Clock
  /** Requests in 24 hours; undefined: any number. */
  readonly limit: number | undefined

  constructor(limit: number | undefined, clock: Clock) {
    this.limit = limit
    this.#clock = clock
  }

  /** Requests in the last 24 hours. */
  get spent(): number {
    return this.#requests.total(this.#clock.monotonic())
  }

  /** A request leaves now. */
  count(): void {
    this.#requests.add(this.#clock.monotonic())
  }

  /**
   * Throws when no request may leave now; one behind an answer may no more from 80 % on.
   *
   * @throws {Problem} `quota-budget-spent`, with the instant from which on one may again.
   */
  check(isBackground: boolean): void {
    if (this.limit === undefined) return
    const most = Math.floor(isBackground ? BACKGROUND_SHARE * this.limit : this.limit) - 1
    const nowMs = this.#clock.monotonic()
    if (this.#requests.total(nowMs) <= most) return
    const fromMs = this.#requests.atMostFromMs(Math.max(most, 0), nowMs)
    throw new Problem(
      'quota-budget-spent',
      `This service has sent the ${this.limit} requests that SPOTIFY_DAILY_BUDGET allows in 24 hours. Ask again after the seconds in Retry-After; what is stored is still answered.`,
      { retryAt: this.#clock.now() + (fromMs - nowMs) },
    )
  }
}

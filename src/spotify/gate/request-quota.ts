import type { Clock } from '../../lib/clock.ts'
import { RollingCount } from '../../lib/sliding-window.ts'
import { Problem } from '../../problems/problem.ts'

/** What the requests are counted over, and in how long pieces, in milliseconds. */
export const BUDGET_WINDOW = { windowMs: 86_400_000, bucketMs: 5 * 60_000 } as const
/** Those who would get nothing come first: a refresh can be done without. */
const REFRESH_SHARE = 0.8

/** Takes the count of a request back that did not leave after all; to be called once at most. */
export type GiveBack = () => void

/** How many Web API requests left in the last 24 hours, and whether one more may. */
export interface RequestBudget {
  /** Requests in any 24 hours; undefined: any number. */
  readonly limit: number | undefined
  /** Requests in the last 24 hours, as far as is known at once. */
  readonly spent: number
  /**
   * Counts a request that is about to leave, in the same step that checks whether it may.
   *
   * @throws {Problem} `quota-budget-spent`, with the instant from which on one may again.
   */
  take(isRefresh: boolean): Promise<GiveBack>
  /**
   * Counts nothing, but refuses a lookup that could not be finished, as far as is known at once.
   *
   * @throws {Problem} `quota-budget-spent`, with the instant from which on all of it fits.
   */
  check(need: Need, isRefresh: boolean): void
}

/** What a lookup takes. */
export interface Need {
  /** Requests that it is still to send. */
  left: number
  /** Requests that it takes when it begins anew. */
  whole: number
}

/** What has been counted, on a clock of its own. */
export interface Spending {
  limit: number | undefined
  count: Pick<RollingCount, 'total' | 'atMostFromMs'>
  nowMs: number
}

/**
 * How many requests there may have been for so many more to be allowed; those of a refresh may
 * no more from 80 % of the limit on.
 */
export function mostBefore(limit: number, isRefresh: boolean, requests = 1): number {
  return Math.floor(isRefresh ? REFRESH_SHARE * limit : limit) - requests
}

/** What a request is refused with; `retryAt` in epoch milliseconds. */
export function budgetSpent(limit: number, retryAt: number): Problem {
  return new Problem(
    'quota-budget-spent',
    `This service has sent the ${limit} requests that SPOTIFY_DAILY_BUDGET allows in 24 hours. Ask again after the seconds in Retry-After; what is stored is still answered.`,
    { retryAt },
  )
}

/** What a request is refused with while the count of all replicas is out of reach. */
export function shareSpent(limit: number, retryAt: number, need?: Need): Problem {
  return new Problem(
    'quota-budget-spent',
    `The requests of all replicas cannot be counted at the moment, and this one has sent its share of the ${limit} that SPOTIFY_DAILY_BUDGET allows in 24 hours. Ask again after the seconds in Retry-After; what is stored is still answered.`,
    { retryAt, ...originOf(need) },
  )
}

/** What only an answer of Spotify has shown costs that much again each time. */
function originOf(need: Need | undefined): { originStatus?: number } {
  return need !== undefined && need.left < need.whole ? { originStatus: 200 } : {}
}

/**
 * The check of a budget; `now` in epoch milliseconds. What never fits is to be asked again in a day.
 *
 * @throws {Problem} `quota-budget-spent`
 */
export function checkNeed(
  need: Need,
  isRefresh: boolean,
  { limit, count, nowMs }: Spending,
  now: number,
): void {
  const { left, whole } = need
  if (limit === undefined || count.total(nowMs) <= mostBefore(limit, isRefresh, left)) return
  const most = mostBefore(limit, isRefresh, whole)
  const waitMs = most < 0 ? BUDGET_WINDOW.windowMs : count.atMostFromMs(most, nowMs) - nowMs
  const detail =
    most < 0
      ? `This list takes ${whole} requests to Spotify, more than SPOTIFY_DAILY_BUDGET, which is ${limit}, allows for it in 24 hours. Only the operator of this service can change that.`
      : `This list takes ${whole} requests to Spotify, more than are left of the ${limit} that SPOTIFY_DAILY_BUDGET allows in 24 hours. Ask again after the seconds in Retry-After; what is stored is still answered.`
  throw new Problem('quota-budget-spent', detail, { retryAt: now + waitMs, ...originOf(need) })
}

/**
 * Counts the Web API requests of this process over the last 24 hours, and holds them below the
 * limit in any 24 hours, if there is one. In buckets of 5 minutes, so that a request may be counted
 * for up to 5 minutes longer, never shorter.
 */
export class DailyBudget implements RequestBudget {
  readonly #requests = new RollingCount(BUDGET_WINDOW.windowMs, BUDGET_WINDOW.bucketMs)
  readonly #clock: Clock
  readonly limit: number | undefined

  constructor(limit: number | undefined, clock: Clock) {
    this.limit = limit
    this.#clock = clock
  }

  get spent(): number {
    return this.#requests.total(this.#clock.monotonic())
  }

  async take(isRefresh: boolean): Promise<GiveBack> {
    const nowMs = this.#clock.monotonic()
    if (this.limit !== undefined) this.#check(this.limit, isRefresh, nowMs)
    this.#requests.add(nowMs)
    return () => this.#requests.add(nowMs, -1)
  }

  check(need: Need, isRefresh: boolean): void {
    const nowMs = this.#clock.monotonic()
    const spending = { limit: this.limit, count: this.#requests, nowMs }
    checkNeed(need, isRefresh, spending, this.#clock.now())
  }

  #check(limit: number, isRefresh: boolean, nowMs: number): void {
    const most = mostBefore(limit, isRefresh)
    if (this.#requests.total(nowMs) <= most) return
    const fromMs = this.#requests.atMostFromMs(Math.max(most, 0), nowMs)
    throw budgetSpent(limit, this.#clock.now() + (fromMs - nowMs))
  }
}

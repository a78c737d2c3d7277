import type { Clock } from '../../lib/clock.ts'
import { SlidingWindow } from '../../lib/sliding-window.ts'
import { Problem } from '../../problems/problem.ts'

/** The budget's sliding window and buckets, in milliseconds. */
export const BUDGET_WINDOW = { windowMs: 86_400_000, bucketMs: 5 * 60_000 } as const
/** The share of the limit for background revalidations; callers without a usable cached list need the rest. */
const REVALIDATION_SHARE = 0.8

/** Refunds an unsent request. Call it at most once. */
export type Refund = () => void

/** Counts Web API requests in the last 24 hours against a limit. */
export interface RequestBudget {
  /** Maximum number of requests in any 24 hours; undefined for no limit. */
  readonly limit: number | undefined
  /** Requests in the last 24 hours known to this process. */
  readonly spent: number
  /**
   * Checks the limit and counts a request about to be sent, in one step.
   *
   * @throws {Problem} `quota-budget-spent`, with the instant from which another request is allowed.
   */
  reserve(isRevalidation: boolean): Promise<Refund>
  /**
   * Refuses a lookup with more requests than are left, as far as this process knows. Does not count requests.
   *
   * @throws {Problem} `quota-budget-spent`, with the instant from which all requests are allowed.
   */
  check(need: Need, isRevalidation: boolean): void
}

/** A lookup's requests. */
export interface Need {
  /** Requests not yet sent. */
  left: number
  /** Requests needed for a new attempt. */
  whole: number
}

/** The limit, and the count with the current instant on the same clock. */
export interface QuotaUsage {
  limit: number | undefined
  count: Pick<SlidingWindow, 'total' | 'atMostFromMs'>
  nowMs: number
}

/** The highest count at which `requests` more are allowed. Background revalidations get 80 % of the limit. */
export function mostBefore(limit: number, isRevalidation: boolean, requests = 1): number {
  return Math.floor(isRevalidation ? REVALIDATION_SHARE * limit : limit) - requests
}

/** The problem for a request above the limit; `retryAt` in epoch milliseconds. */
export function budgetSpent(limit: number, retryAt: number): Problem {
  return new Problem(
    'quota-budget-spent',
    `This service has sent the ${limit} requests that SPOTIFY_DAILY_BUDGET allows in 24 hours. Wait as long as Retry-After says; cached lists are still served.`,
    { retryAt },
  )
}

/** The problem for a request above the local share, while Redis is unavailable. */
export function localShareSpent(limit: number, retryAt: number, need?: Need): Problem {
  return new Problem(
    'quota-budget-spent',
    `The replicas cannot share their request count at the moment, and this one has used its share of the ${limit} requests that SPOTIFY_DAILY_BUDGET allows in 24 hours. Wait as long as Retry-After says; cached lists are still served.`,
    { retryAt, ...originOf(need) },
  )
}

/**
 * If a lookup is refused only after a response, each attempt costs a request. So the problem has that
 * response's status, and the cache remembers the problem.
 */
function originOf(need: Need | undefined): { originStatus?: number } {
  return need !== undefined && need.left < need.whole ? { originStatus: 200 } : {}
}

/**
 * Implements `RequestBudget.check`; `now` in epoch milliseconds. For a lookup that can never fit, the problem's
 * instant is a day ahead.
 *
 * @throws {Problem} `quota-budget-spent`
 */
export function checkNeed(
  need: Need,
  isRevalidation: boolean,
  { limit, count, nowMs }: QuotaUsage,
  now: number,
): void {
  const { left, whole } = need
  if (limit === undefined || count.total(nowMs) <= mostBefore(limit, isRevalidation, left)) return
  const most = mostBefore(limit, isRevalidation, whole)
  const waitMs = most < 0 ? BUDGET_WINDOW.windowMs : count.atMostFromMs(most, nowMs) - nowMs
  const detail =
    most < 0
      ? `This list takes ${whole} requests to Spotify, more than SPOTIFY_DAILY_BUDGET (${limit}) allows in 24 hours. Only the operator of this service can change that.`
      : `This list takes ${whole} requests to Spotify, more than are left of the ${limit} that SPOTIFY_DAILY_BUDGET allows in 24 hours. Wait as long as Retry-After says; cached lists are still served.`
  throw new Problem('quota-budget-spent', detail, { retryAt: now + waitMs, ...originOf(need) })
}

/**
 * The budget for this process alone. It counts in 5-minute buckets, so a request can count for up to 5 minutes
 * longer than a day, never shorter.
 */
export class DailyBudget implements RequestBudget {
  readonly #requests = new SlidingWindow(BUDGET_WINDOW.windowMs, BUDGET_WINDOW.bucketMs)
  readonly #clock: Clock
  readonly limit: number | undefined

  constructor(limit: number | undefined, clock: Clock) {
    this.limit = limit
    this.#clock = clock
  }

  get spent(): number {
    return this.#requests.total(this.#clock.monotonic())
  }

  async reserve(isRevalidation: boolean): Promise<Refund> {
    const nowMs = this.#clock.monotonic()
    const { limit = Number.POSITIVE_INFINITY } = this
    const most = mostBefore(limit, isRevalidation)
    if (this.#requests.total(nowMs) > most) {
      const fromMs = this.#requests.atMostFromMs(Math.max(most, 0), nowMs)
      throw budgetSpent(limit, this.#clock.now() + (fromMs - nowMs))
    }
    this.#requests.add(nowMs)
    return () => this.#requests.add(nowMs, -1)
  }

  check(need: Need, isRevalidation: boolean): void {
    const nowMs = this.#clock.monotonic()
    const spending = { limit: this.limit, count: this.#requests, nowMs }
    checkNeed(need, isRevalidation, spending, this.#clock.now())
  }
}

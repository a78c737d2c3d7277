import { SlidingWindow } from '../../lib/sliding-window.ts'

const SHARE = 0.1
/**
 * With few requests, a tenth is less than one retry, so a single 503 would fail the only lookup in that minute.
 * So two retries a minute, as many as a page can use, are free; from 20 requests on only the share counts.
 * Envoy's retry budget has such a floor for the same reason.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/circuit_breaker.proto
 */
const FREE_RETRIES = 2
const BUCKET_MS = 1000
const WINDOW_MS = 60_000

/**
 * Limits retries to 10 % of the requests in the last minute, so retries do not make an outage worse.
 * It errs on the strict side: at the edge of the minute it counts retries but not requests.
 */
export class RetryBudget {
  readonly #requests = new SlidingWindow(WINDOW_MS - BUCKET_MS, BUCKET_MS)
  readonly #retries = new SlidingWindow(WINDOW_MS, BUCKET_MS)

  /** Counts a request, first attempt or retry, sent at `nowMs` (monotonic). */
  count(nowMs: number): void {
    this.#requests.add(nowMs)
  }

  /** Reserves a retry; returns false if the budget does not allow it. */
  reserve(nowMs: number): boolean {
    const allowed = Math.max(FREE_RETRIES, SHARE * this.#requests.total(nowMs))
    if (this.#retries.total(nowMs) + 1 > allowed) return false
    this.#retries.add(nowMs)
    return true
  }
}

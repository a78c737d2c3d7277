import { RollingCount } from '../../lib/sliding-window.ts'

const SHARE = 0.1
/**
 * A tenth of few requests is none at all, and then a single 503 would fail the only lookup of the
 * minute. So two retries a minute, what one page may use, are free; from 20 requests on the share
 * alone decides. Envoy's retry budget has such a floor for the same reason.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/circuit_breaker.proto
 */
const FREE_RETRIES = 2
const BUCKET_MS = 1000
const WINDOW_MS = 60_000

/**
 * Keeps retries at 10 % of the requests of the minute that ends with them, so that an outage is not
 * made worse by asking twice. Counting is on the strict side: what is on the edge of the minute
 * counts as a retry but not as a request.
 */
export class RetryBudget {
  readonly #requests = new RollingCount(WINDOW_MS - BUCKET_MS, BUCKET_MS)
  readonly #retries = new RollingCount(WINDOW_MS, BUCKET_MS)

  /** A request leaves at `nowMs` (monotonic), be it the first or a retry. */
  count(nowMs: number): void {
    this.#requests.add(nowMs)
  }

  /** Whether a request may be sent again, which uses up a part of the budget. */
  take(nowMs: number): boolean {
    const allowed = Math.max(FREE_RETRIES, SHARE * this.#requests.total(nowMs))
    if (this.#retries.total(nowMs) + 1 > allowed) return false
    this.#retries.add(nowMs)
    return true
  }
}

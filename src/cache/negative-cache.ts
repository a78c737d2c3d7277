import { LRUCache } from 'lru-cache'
import { backOffMs, type Clock } from '../lib/clock.ts'
import { type Problem, type ProblemType, withRetryAt } from '../problems/problem.ts'

const MAX_KEYS = 5000

/** Without a response from the origin, these problems cost no request and might be over a moment later. */
const NOT_CACHEABLE: ReadonlySet<ProblemType> = new Set([
  'overloaded',
  'quota-budget-spent',
  'deadline-exceeded',
  'shutting-down',
])

/** Whether an early retry would cost the origin a request and fail with the same problem. */
export function isCacheable(problem: Problem): boolean {
  return problem.originStatus !== undefined || !NOT_CACHEABLE.has(problem.type)
}

export interface NegativeCacheOptions {
  clock: Clock
  /** Returns a number from 0 (inclusive) to 1 (exclusive): the jitter that spreads retries for many keys. */
  random: () => number
}

interface Failure {
  readonly problem: Problem
  /** When the back-off ends, on the monotonic clock. */
  readonly untilMs: number
  /** Consecutive failures. */
  readonly times: number
}

/**
 * The last failure for each key, so a failing key costs the origin no more than a working key. Evicts the
 * least recently used.
 */
export class NegativeCache {
  readonly #options: NegativeCacheOptions
  readonly #failures = new LRUCache<string, Failure>({ max: MAX_KEYS })

  constructor(options: NegativeCacheOptions) {
    this.#options = options
  }

  /**
   * Caches a failure until its own `retryAt`, or for a back-off from 1 s to 60 s that doubles with each
   * consecutive failure, plus up to a tenth as jitter. Returns the problem with the end of that time as
   * `retryAt`, or unchanged if it is not cacheable.
   */
  add(key: string, problem: Problem): Problem {
    if (!isCacheable(problem)) return problem
    const { clock, random } = this.#options
    const times = (this.#failures.get(key)?.times ?? 0) + 1
    const retryAt = problem.retryAt ?? clock.now() + backOffMs(times) * (1 + 0.1 * random())
    const untilMs = clock.monotonic() + (retryAt - clock.now())
    this.#failures.set(key, { problem, untilMs, times })
    return withRetryAt(problem, retryAt, true)
  }

  /** Forgets the failures for a key that works again. */
  delete(key: string): void {
    this.#failures.delete(key)
  }

  /** Whether the last fetch of the key failed, even if the back-off is over. */
  has(key: string): boolean {
    return this.#failures.has(key)
  }

  /** Returns the key's failure, with `retryAt` at the end of the back-off; undefined after that. */
  active(key: string): Problem | undefined {
    const failure = this.#failures.get(key)
    if (failure === undefined) return undefined
    const { clock } = this.#options
    const leftMs = failure.untilMs - clock.monotonic()
    return leftMs > 0 ? withRetryAt(failure.problem, clock.now() + leftMs, false) : undefined
  }
}

import type { Clock } from '../lib/clock.ts'

/**
 * What one replica may send of a budget while nobody counts for all of them: from the first failure
 * until `settleMs` after the last one, when all replicas must have been heard again.
 */
export class BudgetShare {
  readonly #limit: number
  readonly #clock: Clock
  readonly #settleMs: number
  #replicas = 1
  /** When requests were granted that another replica may not know of, on the clock of Redis. */
  #unheard: number[] = []
  /** On the monotonic clock. */
  #settledFromMs = 0
  /** How many requests this replica may still send until then. */
  #left = 0

  /** `limit` is undefined where any number of requests may leave. */
  constructor(limit: number | undefined, clock: Clock, settleMs: number) {
    this.#limit = limit ?? Number.POSITIVE_INFINITY
    this.#clock = clock
    this.#settleMs = settleMs
  }

  /** Learns how many replicas there are, and since when one of them may not have learnt the counts. */
  learn(replicas: number, heard: number): void {
    // The first one that is back finds nobody else there.
    this.#replicas = this.#isSettled ? replicas : Math.max(replicas, this.#replicas)
    this.#unheard = this.#unheard.filter(atMs => atMs >= heard)
  }

  /**
   * Divides what is left after `spent` requests, unless it is divided already. The replica that knows least
   * divides the most, so what this one was granted meanwhile comes off its own share.
   */
  divide(spent: number): void {
    if (this.#isSettled) {
      const unheard = this.#unheard.length
      const left = this.#limit - spent
      this.#left = Math.floor((left + unheard) / this.#replicas) - unheard
    }
    this.#settledFromMs = this.#clock.monotonic() + this.#settleMs
  }

  /** Whether so many requests are more than this replica may send now. */
  isExceededBy(requests: number): boolean {
    return !this.#isSettled && requests > this.#left
  }

  /** Charges a request that was granted at an instant on the clock of Redis. */
  grant(atMs: number): void {
    this.#unheard.push(atMs)
    this.#left--
  }

  refund(): void {
    this.#left++
  }

  get #isSettled(): boolean {
    return this.#clock.monotonic() >= this.#settledFromMs
  }
}

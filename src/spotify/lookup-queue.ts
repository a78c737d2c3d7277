import type { Clock } from '../clock.ts'
import { Problem } from '../problems.ts'
import { Places } from './places.ts'

/** How much the latest attempt counts in the average. */
const SMOOTHING = 0.2
/** What is refreshed can be answered already; it leaves the rest to what cannot. */
const REFRESH_SHARE = 0.5
const MIN_RETRY_MS = 1000

export interface LookupQueueOptions {
  /** Requests under way at once. */
  concurrency: number
  /** Lookups that may wait for their first place. */
  queue: number
  clock: Clock
}

interface QueueTerms {
  subject: string
  isRefresh: boolean
  signal: AbortSignal
  /** On the monotonic clock; infinite once the lookup has begun. */
  startByMs: number
}

/**
 * Who may wait for a place: as many lookups as allowed, and none whose turn would come after its
 * deadline, as far as the time that requests took lately can tell. All others learn at once that
 * there is no place, which is worth more than learning it at the deadline.
 */
export class LookupQueue {
  readonly #options: LookupQueueOptions
  readonly #places: Places
  /** How many requests of each lookup that has not begun are waiting. */
  readonly #lookups = new Map<string, number>()
  #averageMs = 0

  constructor(options: LookupQueueOptions) {
    this.#options = options
    this.#places = new Places(options.concurrency)
  }

  /** Requests that have a place. */
  get inFlight(): number {
    return this.#places.taken
  }

  /** Lookups that wait for their first place. */
  get queued(): number {
    return this.#lookups.size
  }

  /**
   * Does the work once a place is free. The place is given on when the work says that it no longer
   * needs it, and at its end at the latest.
   *
   * @throws {Problem} `overloaded` when the lookup may not wait for one.
   */
  async inPlace<T>(work: (leave: () => void) => Promise<T>, terms: QueueTerms): Promise<T> {
    const isNew = terms.startByMs !== Number.POSITIVE_INFINITY
    if (isNew && this.#places.isFull) await this.#wait(terms)
    else await this.#places.take(isNew, terms.signal)
    const { clock } = this.#options
    const startMs = clock.monotonic()
    let hasLeft = false
    const leave = () => {
      if (hasLeft) return
      hasLeft = true
      this.#averageMs += SMOOTHING * (clock.monotonic() - startMs - this.#averageMs)
      this.#places.release()
    }
    return work(leave).finally(leave)
  }

  async #wait({ subject, isRefresh, startByMs, signal }: QueueTerms): Promise<void> {
    const { queue, concurrency, clock } = this.#options
    const waitMs = (this.#places.waiting / concurrency) * this.#averageMs
    const requests = this.#lookups.get(subject) ?? 0
    const isQueueFull = this.queued >= (isRefresh ? REFRESH_SHARE * queue : queue)
    if ((requests === 0 && isQueueFull) || clock.monotonic() + waitMs > startByMs) {
      throw new Problem(
        'overloaded',
        'Too many lookups are waiting for Spotify. Ask again after the seconds in Retry-After; what is stored is still answered.',
        { retryAt: clock.now() + Math.max(waitMs, MIN_RETRY_MS) },
      )
    }
    this.#lookups.set(subject, requests + 1)
    try {
      await this.#places.take(true, signal)
    } finally {
      this.#leave(subject)
    }
  }

  #leave(subject: string): void {
    const left = Number(this.#lookups.get(subject)) - 1
    if (left === 0) this.#lookups.delete(subject)
    else this.#lookups.set(subject, left)
  }
}

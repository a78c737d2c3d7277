import { type LinkedAbort, linkedAbort } from '../../lib/child-abort-signal.ts'
import type { Clock } from '../../lib/clock.ts'
import { Places, type Release } from '../../lib/priority-semaphore.ts'
import type { WaitingCallers } from '../../lib/waiting-callers.ts'
import { Problem } from '../../problems/problem.ts'

/** How much the latest attempt counts in the average. */
const SMOOTHING = 0.2
/** What is refreshed can be answered already; it leaves the rest to what cannot. */
const REFRESH_SHARE = 0.5
const MIN_RETRY_MS = 1000

export interface LookupQueueOptions {
  /** Web API requests under way at once, all lookups together. */
  concurrency: number
  /** Lookups that may wait for their first place. */
  queue: number
  clock: Clock
}

/** How the requests of one lookup wait. */
export interface QueueTerms {
  /** The path of the list: failures of one alone are no outage. */
  subject: string
  /** The callers that take turns for it. */
  callers: WaitingCallers
  /** Whether a cached list can be served without it, so that others come first. */
  isRefresh: boolean
  /** Aborted when nothing of the lookup is wanted any more. */
  signal: AbortSignal
  /**
   * On the monotonic clock: a request that is still queued then is not sent. Infinite once the
   * lookup has begun.
   */
  startByMs: number
}

/** A lookup that waits for its first place. */
interface WaitingLookup {
  readonly callers: WaitingCallers
  /** Of each request that waits. */
  readonly aborts: Set<LinkedAbort>
}

/**
 * Which lookups may wait for a place: as many as allowed, and none whose turn would come after its
 * deadline, as far as the time that requests took lately can tell. When as many wait as allowed, a
 * caller with few of them takes the place of the latest one of the caller with the most. All others
 * learn at once that there is no place, which is worth more than learning it at the deadline.
 */
export class LookupQueue {
  readonly #options: LookupQueueOptions
  readonly #places: Places
  /** By subject, the oldest first. */
  readonly #lookups = new Map<string, WaitingLookup>()
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
   * @throws {Problem} `overloaded` when the lookup may not wait for one, or no longer.
   */
  async inPlace<T>(work: (leave: () => void) => Promise<T>, terms: QueueTerms): Promise<T> {
    const isNew = terms.startByMs !== Number.POSITIVE_INFINITY
    const release =
      isNew && this.#places.isFull
        ? await this.#wait(terms)
        : await this.#places.take(isNew, terms.callers, terms.signal)
    const { clock } = this.#options
    const startMs = clock.monotonic()
    let hasLeft = false
    const leave = () => {
      if (hasLeft) return
      hasLeft = true
      this.#averageMs += SMOOTHING * (clock.monotonic() - startMs - this.#averageMs)
      release()
    }
    return work(leave).finally(leave)
  }

  async #wait({ subject, callers, isRefresh, signal, startByMs }: QueueTerms): Promise<Release> {
    const waitMs = this.#waitMs(callers.first)
    if (this.#options.clock.monotonic() + waitMs > startByMs) throw this.#overloaded(waitMs)
    const known = this.#lookups.get(subject)
    if (known === undefined && !this.#mayWait(callers.first, isRefresh)) {
      throw this.#overloaded(waitMs)
    }
    const lookup = known ?? { callers, aborts: new Set() }
    const abort = linkedAbort(signal)
    lookup.aborts.add(abort)
    this.#lookups.set(subject, lookup)
    try {
      return await this.#places.take(true, callers, abort.signal)
    } finally {
      abort.unlink()
      lookup.aborts.delete(abort)
      if (lookup.aborts.size === 0) this.#forget(subject, lookup)
    }
  }

  /** Whether one more lookup may wait, perhaps instead of another one. */
  #mayWait(caller: string, isRefresh: boolean): boolean {
    const { queue } = this.#options
    if (isRefresh) return this.queued < REFRESH_SHARE * queue
    return this.queued < queue || this.#displace(caller)
  }

  /**
   * Ends the waiting of the latest lookup of the caller with the most, unless that has no more than
   * this one would have then. Lookups for which others wait as well are spared.
   */
  #displace(caller: string): boolean {
    const counts = new Map<string, number>()
    const latest = new Map<string, [subject: string, lookup: WaitingLookup]>()
    for (const [subject, lookup] of this.#lookups) {
      const { first, size } = lookup.callers
      counts.set(first, (counts.get(first) ?? 0) + 1)
      if (size === 1) latest.set(first, [subject, lookup])
    }
    const [most, count] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0])
    const displaced = latest.get(most)
    if (displaced === undefined || count <= (counts.get(caller) ?? 0) + 1) return false
    const [subject, lookup] = displaced
    this.#forget(subject, lookup)
    const problem = this.#overloaded(this.#waitMs(most))
    for (const abort of lookup.aborts) abort.abort(problem)
    return true
  }

  #forget(subject: string, lookup: WaitingLookup): void {
    if (this.#lookups.get(subject) === lookup) this.#lookups.delete(subject)
  }

  /** How long one more lookup of the caller would wait. */
  #waitMs(caller: string): number {
    return (this.#places.before(caller) / this.#options.concurrency) * this.#averageMs
  }

  #overloaded(waitMs: number): Problem {
    return new Problem(
      'overloaded',
      'Too many lookups are waiting for Spotify. Ask again after the seconds in Retry-After; what is stored is still answered.',
      { retryAt: this.#options.clock.now() + Math.max(waitMs, MIN_RETRY_MS) },
    )
  }
}

import { type ChildAbortController, childAbortController } from '../../lib/child-abort-signal.ts'
import type { Clock } from '../../lib/clock.ts'
import { PrioritySemaphore, type Release } from '../../lib/priority-semaphore.ts'
import type { WaitingCallers } from '../../lib/waiting-callers.ts'
import { Problem } from '../../problems/problem.ts'

/** The latest request's weight in the average duration. */
const SMOOTHING = 0.2
/** The queue share for background revalidations; users without a usable cached list need the rest. */
const REVALIDATION_SHARE = 0.5
const MIN_RETRY_MS = 1000

export interface AdmissionQueueOptions {
  /** Maximum number of concurrent Web API requests, for all lookups together. */
  concurrency: number
  /** Maximum number of lookups waiting for their first slot. */
  queue: number
  clock: Clock
}

/** How a lookup's requests wait. */
export interface QueueOptions {
  /** The list path, or the link reading it. Failures for a single subject do not count as an outage. */
  subject: string
  /** The callers waiting for the lookup. */
  callers: WaitingCallers
  /** Whether the lookup revalidates a usable cached list, so other lookups have priority. */
  isRevalidation: boolean
  /** Aborted when nobody needs the lookup any more. */
  signal: AbortSignal
  /**
   * Deadline on the monotonic clock: a request still queued then is not sent. Infinite once the lookup has
   * begun.
   */
  startByMs: number
}

/** A lookup waiting for a first slot. */
interface WaitingLookup {
  readonly callers: WaitingCallers
  /** A controller for each waiting request. */
  readonly aborts: Set<ChildAbortController>
}

/**
 * Limits how many lookups wait for a slot. If recent request durations suggest a slot only after the deadline,
 * the queue refuses the lookup at once: a caller would rather know now than at the deadline. When the queue is
 * full, a caller with few waiting lookups displaces the latest lookup from the caller with the most; the queue
 * refuses all other lookups.
 */
export class AdmissionQueue {
  readonly #options: AdmissionQueueOptions
  readonly #slots: PrioritySemaphore
  /** The waiting lookups by subject, oldest first. */
  readonly #lookups = new Map<string, WaitingLookup>()
  #averageMs = 0

  constructor(options: AdmissionQueueOptions) {
    this.#options = options
    this.#slots = new PrioritySemaphore(options.concurrency)
  }

  /** Requests holding a slot. */
  get inFlight(): number {
    return this.#slots.inUse
  }

  /** Lookups waiting for their first slot. */
  get queued(): number {
    return this.#lookups.size
  }

  /**
   * Runs the work once a slot is free. The work may release the slot early.
   *
   * @throws {Problem} `overloaded` when the queue refuses or displaces the lookup.
   */
  async run<T>(work: (release: () => void) => Promise<T>, options: QueueOptions): Promise<T> {
    const isNew = options.startByMs !== Number.POSITIVE_INFINITY
    const releaseSlot =
      isNew && this.#slots.isFull
        ? await this.#wait(options)
        : await this.#slots.acquire(isNew, options.callers, options.signal)
    const { clock } = this.#options
    const startMs = clock.monotonic()
    let isReleased = false
    const release = () => {
      if (isReleased) return
      isReleased = true
      this.#averageMs += SMOOTHING * (clock.monotonic() - startMs - this.#averageMs)
      releaseSlot()
    }
    return work(release).finally(release)
  }

  async #wait({
    subject,
    callers,
    isRevalidation,
    signal,
    startByMs,
  }: QueueOptions): Promise<Release> {
    const waitMs = this.#waitMs(callers.first)
    if (this.#options.clock.monotonic() + waitMs > startByMs) throw this.#overloaded(waitMs)
    const known = this.#lookups.get(subject)
    if (known === undefined && !this.#admits(callers.first, isRevalidation)) {
      throw this.#overloaded(waitMs)
    }
    const lookup = known ?? { callers, aborts: new Set() }
    const abort = childAbortController(signal)
    lookup.aborts.add(abort)
    this.#lookups.set(subject, lookup)
    try {
      return await this.#slots.acquire(true, callers, abort.signal)
    } finally {
      abort.dispose()
      lookup.aborts.delete(abort)
      if (lookup.aborts.size === 0) this.#forget(subject, lookup)
    }
  }

  /** Whether another lookup may wait; displaces a lookup if necessary. */
  #admits(caller: string, isRevalidation: boolean): boolean {
    const { queue } = this.#options
    if (isRevalidation) return this.queued < REVALIDATION_SHARE * queue
    return this.queued < queue || this.#displace(caller)
  }

  /**
   * Cancels the latest lookup from the caller with the most waiting lookups, and returns true; returns false if
   * `caller` would then have as many. Spares lookups with several waiting callers.
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

  /** The expected wait for another lookup from the caller, in milliseconds. */
  #waitMs(caller: string): number {
    return (this.#slots.countAhead(caller) / this.#options.concurrency) * this.#averageMs
  }

  #overloaded(waitMs: number): Problem {
    return new Problem(
      'overloaded',
      'Too many lookups are waiting for Spotify. Wait as long as Retry-After says; cached lists are still served.',
      { retryAt: this.#options.clock.now() + Math.max(waitMs, MIN_RETRY_MS) },
    )
  }
}

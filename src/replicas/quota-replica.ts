import type { Clock } from '../lib/clock.ts'
import { SlidingWindow } from '../lib/sliding-window.ts'
import { BUDGET_WINDOW } from '../spotify/gate/request-quota.ts'
import { type BucketCount, type OtherCounts, PRESENT_MS } from './quota-script.ts'

const { windowMs, bucketMs } = BUDGET_WINDOW

/** Requests from all replicas, as far as this replica knows them, by the Redis clock. */
export class RequestCounts {
  readonly #clock: Clock
  /** Requests from this replica, by bucket. */
  #own = new Map<number, number>()
  /** The number of requests that other replicas sent, according to the last Redis reply. */
  #others: OtherCounts = {}
  /** Requests from all replicas, as a window on the Redis clock. */
  #all = new SlidingWindow(windowMs, bucketMs)
  /** The Redis clock minus the monotonic clock. */
  #offsetMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = clock.now() - clock.monotonic()
  }

  get others(): OtherCounts {
    return this.#others
  }

  /** This replica's requests. Forgets requests that have left the window. */
  get own(): BucketCount[] {
    const first = Math.floor((this.#nowMs - windowMs) / bucketMs)
    this.#own = new Map([...this.#own].filter(([bucket, count]) => bucket >= first && count > 0))
    return [...this.#own]
  }

  /** Requests from all replicas in the window. */
  get total(): number {
    return this.#all.total(this.#nowMs)
  }

  /** Counts a request that leaves now. Returns a function to take it back. */
  add(): () => void {
    const bucket = Math.floor(this.#nowMs / bucketMs)
    this.#change(bucket, 1)
    return () => this.#change(bucket, -1)
  }

  /** Updates the Redis clock and the counts from other replicas. */
  update(redisMs: number, others: OtherCounts): void {
    this.#offsetMs = redisMs - this.#clock.monotonic()
    this.#others = others
    this.#all = new SlidingWindow(windowMs, bucketMs)
    for (const [field, requests] of Object.entries(others)) {
      this.#all.add(Number.parseInt(field, 10) * bucketMs, requests)
    }
    for (const [bucket, requests] of this.#own) this.#all.add(bucket * bucketMs, requests)
  }

  /** Returns the milliseconds until the window has at most `most` requests. */
  untilMs(most: number): number {
    const nowMs = this.#nowMs
    return this.#all.atMostFromMs(Math.max(most, 0), nowMs) - nowMs
  }

  /** Returns the count, and the current instant on the same clock. */
  spending(): { count: SlidingWindow; nowMs: number } {
    return { count: this.#all, nowMs: this.#nowMs }
  }

  #change(bucket: number, requests: number): void {
    this.#own.set(bucket, (this.#own.get(bucket) ?? 0) + requests)
    this.#all.add(bucket * bucketMs, requests)
  }

  get #nowMs(): number {
    return this.#clock.monotonic() + this.#offsetMs
  }
}

/**
 * The quota share one replica can spend while Redis fails: from the first failure until `PRESENT_MS` after
 * the last, when all replicas have synced again.
 */
export class LocalShare {
  readonly #limit: number
  readonly #clock: Clock
  #replicas = 1
  /** When grants were made that other replicas might not know about, on the Redis clock. */
  #unseen: number[] = []
  /** When all replicas have synced again, on the monotonic clock. */
  #settledFromMs = 0
  /** How many more requests this replica can send until all replicas have synced again. */
  #left = 0

  /** Without a `limit`, the share is unlimited. */
  constructor(limit: number | undefined, clock: Clock) {
    this.#limit = limit ?? Number.POSITIVE_INFINITY
    this.#clock = clock
  }

  /** Updates the number of replicas, and the instant up to which all replicas know the counts. */
  update(replicas: number, seenByAll: number): void {
    // The first replica to reconnect finds no other replica in Redis.
    this.#replicas = this.#isSettled ? replicas : Math.max(replicas, this.#replicas)
    this.#unseen = this.#unseen.filter(atMs => atMs >= seenByAll)
  }

  /**
   * Divides the limit minus `spent` requests among the replicas, unless a recent failure has already done
   * so. A replica that does not know about the latest grants divides too much, so the replica that made
   * these grants deducts them from its share.
   */
  divide(spent: number): void {
    if (this.#isSettled) {
      const unseen = this.#unseen.length
      const left = this.#limit - spent
      this.#left = Math.floor((left + unseen) / this.#replicas) - unseen
    }
    this.#settledFromMs = this.#clock.monotonic() + PRESENT_MS
  }

  /** Whether `requests` exceeds what this replica can send now. */
  isExceededBy(requests: number): boolean {
    return !this.#isSettled && requests > this.#left
  }

  /** Charges a request granted at `atMs` on the Redis clock. */
  grant(atMs: number): void {
    this.#unseen.push(atMs)
    this.#left--
  }

  refund(): void {
    this.#left++
  }

  get #isSettled(): boolean {
    return this.#clock.monotonic() >= this.#settledFromMs
  }
}

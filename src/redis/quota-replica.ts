import type { Clock } from '../lib/clock.ts'
import { SlidingWindow } from '../lib/sliding-window.ts'
import { BUDGET_WINDOW } from '../spotify/gate/request-quota.ts'
import type { BucketCount, OtherCounts } from './quota-script.ts'

const { windowMs, bucketMs } = BUDGET_WINDOW

/** The requests of all replicas, as far as one of them knows, by the clock of Redis. */
export class ReplicaCount {
  readonly #clock: Clock
  /** Of this replica, which nobody knows better. */
  #own = new Map<number, number>()
  /** Of the others, as Redis said last. */
  #others: OtherCounts = {}
  /** The clock of Redis less the monotonic one. */
  #offsetMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = clock.now() - clock.monotonic()
  }

  get others(): OtherCounts {
    return this.#others
  }

  /** The requests of this replica; forgets those that have left the window. */
  get own(): BucketCount[] {
    const first = Math.floor((this.#nowMs - windowMs) / bucketMs)
    this.#own = new Map([...this.#own].filter(([bucket, count]) => bucket >= first && count > 0))
    return [...this.#own]
  }

  /** Requests in the window. */
  get total(): number {
    return this.#rolling().total(this.#nowMs)
  }

  /** Counts a request that leaves now; returns what takes it back. */
  add(): () => void {
    const bucket = Math.floor(this.#nowMs / bucketMs)
    this.#change(bucket, 1)
    return () => this.#change(bucket, -1)
  }

  /** Learns from a reply. */
  learn(redisMs: number, others: OtherCounts): void {
    this.#offsetMs = redisMs - this.#clock.monotonic()
    this.#others = others
  }

  /** How long it is, in milliseconds, until no more than so many are counted. */
  untilMs(most: number): number {
    const nowMs = this.#nowMs
    return this.#rolling().atMostFromMs(Math.max(most, 0), nowMs) - nowMs
  }

  /** What is counted now, with the instant on its clock. */
  spending(): { count: SlidingWindow; nowMs: number } {
    return { count: this.#rolling(), nowMs: this.#nowMs }
  }

  #change(bucket: number, requests: number): void {
    this.#own.set(bucket, (this.#own.get(bucket) ?? 0) + requests)
  }

  #rolling(): SlidingWindow {
    const count = new SlidingWindow(windowMs, bucketMs)
    const others = Object.entries(this.#others).map(
      ([field, requests]): BucketCount => [Number.parseInt(field, 10), requests],
    )
    for (const [bucket, requests] of [...others, ...this.#own]) {
      count.add(bucket * bucketMs, requests)
    }
    return count
  }

  get #nowMs(): number {
    return this.#clock.monotonic() + this.#offsetMs
  }
}

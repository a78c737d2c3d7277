import type { Clock } from '../lib/clock.ts'
import { SlidingWindow } from '../lib/sliding-window.ts'
import { BUDGET_WINDOW } from '../spotify/gate/request-quota.ts'
import type { BucketCount } from './quota-script.ts'

const { windowMs, bucketMs } = BUDGET_WINDOW

/** What one replica knows of the shared count, by the engine's clock, and what it is to add to it. */
export class ReplicaCount {
  readonly #clock: Clock
  /** What the engine said last. */
  #known = new Map<number, number>()
  /** What it is to be sent next. */
  #pending = new Map<number, number>()
  /** What it was sent, until it has answered. */
  #sent: BucketCount[] = []
  /** The engine's clock less the monotonic one. */
  #offsetMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = clock.now() - clock.monotonic()
  }

  /** As the engine said last. */
  get known(): BucketCount[] {
    return [...this.#known]
  }

  get hasPending(): boolean {
    return this.#pending.size > 0
  }

  /** The bucket in which a request counts that leaves now. */
  get currentBucket(): number {
    return Math.floor(this.#nowMs / bucketMs)
  }

  /** Requests in the window. */
  get total(): number {
    return this.#rolling().total(this.#nowMs)
  }

  /** Requests that were counted here and are not known to be in the engine. */
  get own(): number {
    return Math.max(sum(this.#notAcknowledged()), 0)
  }

  /** Counts requests that the engine is yet to be told of; fewer than none takes them back. */
  add(bucket: number, requests: number): void {
    const total = (this.#pending.get(bucket) ?? 0) + requests
    if (total === 0) this.#pending.delete(bucket)
    else this.#pending.set(bucket, total)
  }

  /** What is to be sent, which counts as sent from then on. */
  takePending(): BucketCount[] {
    this.#sent = [...this.#pending]
    this.#pending = new Map()
    return this.#sent
  }

  /** Takes over what the engine has answered to what was sent. */
  learn(engineMs: number, buckets: readonly BucketCount[]): void {
    this.#offsetMs = engineMs - this.#clock.monotonic()
    this.#known = new Map(buckets)
    this.#sent = []
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

  #rolling(): SlidingWindow {
    const count = new SlidingWindow(windowMs, bucketMs)
    for (const [bucket, requests] of [...this.#known, ...this.#notAcknowledged()]) {
      count.add(bucket * bucketMs, requests)
    }
    return count
  }

  get #nowMs(): number {
    return this.#clock.monotonic() + this.#offsetMs
  }

  #notAcknowledged(): BucketCount[] {
    return [...this.#pending, ...this.#sent]
  }
}

function sum(counts: readonly BucketCount[]): number {
  return counts.reduce((total, [, requests]) => total + requests, 0)
}

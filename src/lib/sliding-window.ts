/**
 * Counts events in a sliding time window. A ring of buckets bounds the memory. An event can count for up to
 * one bucket longer than the window.
 */
export class SlidingWindow {
  readonly #windowMs: number
  readonly #bucketMs: number
  readonly #counts: Float64Array
  /** The latest bucket's number, counted from the start of the clock. */
  #latest = Number.NEGATIVE_INFINITY

  /** `bucketMs` must divide `windowMs`. All instants are on the same monotonic clock. */
  constructor(windowMs: number, bucketMs: number) {
    this.#windowMs = windowMs
    this.#bucketMs = bucketMs
    this.#counts = new Float64Array(windowMs / bucketMs + 1)
  }

  /** Counts events at `atMs`; a negative number takes events back. Ignores instants before the window. */
  add(atMs: number, events = 1): void {
    this.#moveTo(atMs)
    const bucket = Math.floor(atMs / this.#bucketMs)
    if (bucket <= this.#latest - this.#counts.length) return
    this.#counts[this.#slot(bucket)] = this.#at(bucket) + events
  }

  /** Returns the number of events in the window ending at `nowMs`. */
  total(nowMs: number): number {
    this.#moveTo(nowMs)
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  /** Returns the instant from which the total is at most `most` (0 or more), if no event follows. */
  atMostFromMs(most: number, nowMs: number): number {
    let excess = this.total(nowMs) - most
    if (excess <= 0) return nowMs
    let bucket = this.#latest - this.#counts.length
    while (excess > 0) excess -= this.#at(++bucket)
    return (bucket + 1) * this.#bucketMs + this.#windowMs
  }

  #moveTo(nowMs: number): void {
    const bucket = Math.floor(nowMs / this.#bucketMs)
    if (bucket - this.#latest >= this.#counts.length) this.#counts.fill(0)
    else while (this.#latest < bucket) this.#counts[this.#slot(++this.#latest)] = 0
    this.#latest = Math.max(this.#latest, bucket)
  }

  #at(bucket: number): number {
    return this.#counts[this.#slot(bucket)] as number
  }

  #slot(bucket: number): number {
    const { length } = this.#counts
    // Buckets before the start of the clock have negative numbers.
    return ((bucket % length) + length) % length
  }
}

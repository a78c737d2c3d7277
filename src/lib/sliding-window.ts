/**
 * How many events there were within a window of time that ends now. Counted in a ring of buckets,
 * so that memory is bounded and no event is kept; what is on the edge counts as inside, for up to
 * the length of one bucket longer than the window.
 */
export class RollingCount {
  readonly #windowMs: number
  readonly #bucketMs: number
  readonly #counts: Float64Array
  /** The number, since the clock began, of the latest bucket that was counted in. */
  #latest = Number.NEGATIVE_INFINITY

  /** `bucketMs` divides `windowMs`; all instants are on one clock that only goes forward. */
  constructor(windowMs: number, bucketMs: number) {
    this.#windowMs = windowMs
    this.#bucketMs = bucketMs
    this.#counts = new Float64Array(windowMs / bucketMs + 1)
  }

  /**
   * Counts events at `atMs`: one unless said otherwise, or fewer than none, which takes back what was
   * counted then. What is older than the window by now does not matter any more.
   */
  add(atMs: number, events = 1): void {
    this.#moveTo(atMs)
    const bucket = Math.floor(atMs / this.#bucketMs)
    if (bucket <= this.#latest - this.#counts.length) return
    this.#counts[this.#slot(bucket)] = this.#at(bucket) + events
  }

  /** Events in the window that ends at `nowMs`. */
  total(nowMs: number): number {
    this.#moveTo(nowMs)
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  /** From when on, with no further event, the total is at most `most` (0 or more). */
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
    // Buckets before the clock began have negative numbers.
    return ((bucket % length) + length) % length
  }
}

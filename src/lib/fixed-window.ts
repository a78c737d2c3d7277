import { LRUCache } from 'lru-cache'
import type { Clock } from './clock.ts'

/** About 2 MB. Who was not seen for longest is forgotten first, and then starts anew. */
const MAX_CALLERS = 10_000

/** What a caller has used of its current window. */
export interface CallerCount {
  /** Requests, this one included. */
  readonly used: number
  /** Milliseconds until the window ends and the count starts anew. */
  readonly leftMs: number
}

/** Counts requests of callers, at once or, where the count is shared with others, a little later. */
export interface CallerCounts {
  /** Counts one request of the caller with this name. */
  count(caller: string): CallerCount | Promise<CallerCount>
}

interface Window {
  used: number
  /** On the monotonic clock. */
  readonly endMs: number
}

/**
 * Counts in this process alone, in a window of `windowMs` for each caller that begins with its first
 * request. Memory is bounded, however many callers there are.
 */
export class LocalCallerCounts implements CallerCounts {
  readonly #windowMs: number
  readonly #clock: Clock
  readonly #windows = new LRUCache<string, Window>({ max: MAX_CALLERS })

  constructor(windowMs: number, clock: Clock) {
    this.#windowMs = windowMs
    this.#clock = clock
  }

  count(caller: string): CallerCount {
    const nowMs = this.#clock.monotonic()
    let window = this.#windows.get(caller)
    if (window === undefined || nowMs >= window.endMs) {
      window = { used: 0, endMs: nowMs + this.#windowMs }
      this.#windows.set(caller, window)
    }
    window.used++
    return { used: window.used, leftMs: window.endMs - nowMs }
  }
}

import { LRUCache } from 'lru-cache'
import type { Clock } from './clock.ts'

/** Counts for this many callers take about 2 MB. The least recently seen caller is forgotten first. */
const MAX_CALLERS = 10_000

/** A caller's count in the current window. */
export interface FixedWindowCount {
  /** Requests, including this one. */
  readonly used: number
  /** Milliseconds until the window ends. */
  readonly leftMs: number
}

/** Counts each caller's requests in fixed windows; asynchronous if replicas share the count. */
export interface FixedWindow {
  /** Counts one request from the named caller. */
  count(caller: string): FixedWindowCount | Promise<FixedWindowCount>
}

interface Window {
  used: number
  /** On the monotonic clock. */
  readonly endMs: number
}

/**
 * Counts in this process alone. A caller's window lasts `windowMs` and begins with the first request.
 * Memory is bounded for any number of callers.
 */
export class LocalFixedWindow implements FixedWindow {
  readonly #windowMs: number
  readonly #clock: Clock
  readonly #windows = new LRUCache<string, Window>({ max: MAX_CALLERS })

  constructor(windowMs: number, clock: Clock) {
    this.#windowMs = windowMs
    this.#clock = clock
  }

  count(caller: string): FixedWindowCount {
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

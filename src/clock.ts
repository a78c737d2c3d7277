/**
 * The only source of time in the service. It is handed in, so that tests move it by hand and
 * nothing in them sleeps.
 */
export interface Clock {
  /** The wall clock in epoch milliseconds: for instants that are stored, shared or shown. */
  now(): number
  /** Milliseconds that only go forward: for durations, which a corrected wall clock would bend. */
  monotonic(): number
  /**
   * Runs `task` once, `delayMs` (0 to 2^31-1) from now, without keeping the process alive.
   * Returns a function that cancels it and may be called at any time.
   */
  schedule(delayMs: number, task: () => void): () => void
}

/** Resolves after `delayMs`; rejects with the signal's reason, and cleans up, when aborted first. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const onAbort = () => {
      cancel()
      reject(signal.reason)
    }
    const cancel = clock.schedule(delayMs, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

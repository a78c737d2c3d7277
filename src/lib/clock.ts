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

/**
 * Settles as `work` does, or rejects with what `timeout` returns when it takes longer than `limitMs`.
 * The work itself goes on, and its outcome is dropped.
 */
export function within<T>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
  timeout: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(limitMs, () => reject(timeout()))
    work.then(resolve, reject).finally(cancel)
  })
}

/**
 * Does the work, which never throws or rejects, again and again, each time `pauseMs` after it has
 * ended. Returns a function that ends that.
 */
export function repeat(
  clock: Clock,
  pauseMs: number,
  work: () => void | Promise<void>,
): () => void {
  let isOver = false
  const later = (): (() => void) =>
    clock.schedule(pauseMs, async () => {
      await work()
      if (!isOver) cancel = later()
    })
  let cancel = later()
  return () => {
    isOver = true
    cancel()
  }
}

const FIRST_BACK_OFF_MS = 1000
const MAX_BACK_OFF_MS = 60_000

/** How long to back off after so many failures in a row: 1 s, doubling to 60 s. Without jitter. */
export function backOffMs(failures: number): number {
  return Math.min(FIRST_BACK_OFF_MS * 2 ** (failures - 1), MAX_BACK_OFF_MS)
}

/**
 * The only time source in the service. The entry point injects it, so tests move it by hand and never
 * sleep.
 */
export interface Clock {
  /** The wall clock in epoch milliseconds, for stored, shared or displayed instants. */
  now(): number
  /** Milliseconds that only increase, for durations: the wall clock can be set. */
  monotonic(): number
  /**
   * Runs `task` once after `delayMs` (0 to 2^31-1) without keeping the process alive. Returns a function
   * that cancels the task, and is a no-op once the task has run.
   */
  schedule(delayMs: number, task: () => void): () => void
}

/** Resolves after `delayMs`; rejects with the signal's reason if it aborts first. */
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

/** Settles like `work`, or rejects with the `timeout` error after `limitMs`. Does not cancel the work. */
export function withTimeout<T>(
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
 * Runs the work repeatedly: first after `pauseMs`, then `pauseMs` after each run has ended. The work must
 * not throw or reject. Returns a function to stop it.
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

/** Returns the back-off after consecutive failures: 1 s, doubling to 60 s, without jitter. */
export function backOffMs(failures: number): number {
  return Math.min(FIRST_BACK_OFF_MS * 2 ** (failures - 1), MAX_BACK_OFF_MS)
}

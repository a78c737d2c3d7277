import { setMaxListeners } from 'node:events'

/** Settles like `work`, or rejects with the signal's reason if it aborts first. Does not cancel the work. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Each piece of work adds one listener and removes it: no leak.
  setMaxListeners(0, signal)
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

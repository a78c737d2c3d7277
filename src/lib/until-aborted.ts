import { setMaxListeners } from 'node:events'

/**
 * Settles as `work` does, or rejects with the signal's reason when that is aborted first. The work
 * itself goes on, and its outcome is dropped.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // As many listen as there is work, and each removes its listener: that is no leak.
  setMaxListeners(0, signal)
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

import { setMaxListeners } from 'node:events'

export interface LinkedAbort {
  readonly signal: AbortSignal
  /** Aborts this signal alone. */
  abort(reason: unknown): void
  /** Lets go of the parent; to be called when the work is over, however it ended. */
  unlink(): void
}

/**
 * A signal that aborts with its parent, or alone. `AbortSignal.any` would leave a trace of every
 * piece of work on a parent that lives as long as the process.
 */
export function linkedAbort(parent: AbortSignal): LinkedAbort {
  const controller = new AbortController()
  // As many listen as there is work, and each removes its listener: that is no leak.
  setMaxListeners(0, parent, controller.signal)
  const follow = () => controller.abort(parent.reason)
  if (parent.aborted) follow()
  else parent.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    abort: reason => controller.abort(reason),
    unlink: () => parent.removeEventListener('abort', follow),
  }
}

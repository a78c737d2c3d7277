import { setMaxListeners } from 'node:events'

export interface ChildAbortController {
  readonly signal: AbortSignal
  /** Aborts this signal but not the parent. */
  abort(reason: unknown): void
  /** Removes the listener from the parent. Call it when the work ends. */
  dispose(): void
}

/**
 * Creates a signal that aborts with its parent, or alone. Unlike `AbortSignal.any`, it leaves nothing
 * behind on a parent that lives as long as the process.
 */
export function childAbortController(parent: AbortSignal): ChildAbortController {
  const controller = new AbortController()
  // Each piece of work adds one listener and removes it: no leak.
  setMaxListeners(0, parent, controller.signal)
  const follow = () => controller.abort(parent.reason)
  if (parent.aborted) follow()
  else parent.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    abort: reason => controller.abort(reason),
    dispose: () => parent.removeEventListener('abort', follow),
  }
}

import { setImmediate as nextTick } from 'node:timers/promises'

/**
 * Runs one task per tick of the event loop, so several tasks that are ready at the same time do not block it
 * for the sum of their durations.
 */
export class OneTaskPerTick {
  #latest: Promise<void> = Promise.resolve()

  /** Resolves in a tick that no other task has. */
  next(): Promise<void> {
    this.#latest = this.#latest.then(() => nextTick())
    return this.#latest
  }
}

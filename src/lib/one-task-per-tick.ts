import { setImmediate as nextTick } from 'node:timers/promises'

/**
 * Runs one task per event loop tick, so that several ready tasks do not block the loop for their total
 * duration.
 */
export class OneTaskPerTick {
  #latest: Promise<void> = Promise.resolve()

  /** Resolves in a tick with no other task. */
  next(): Promise<void> {
    this.#latest = this.#latest.then(() => nextTick())
    return this.#latest
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Turns of the event loop, each given to one piece of work: pages that arrive together are not read
 * together, which would hold up whoever else is to be answered.
 */
export class Turns {
  #latest: Promise<void> = Promise.resolve()

  /** Resolves in a turn that nobody else is given. */
  next(): Promise<void> {
    this.#latest = this.#latest.then(() => nextTurn())
    return this.#latest
  }
}

/**
 * A bounded number of places for requests to Spotify. Those of lookups that have begun come before
 * those of lookups that have not, so that under a flood some are answered in time instead of all
 * too late; among equals first come, first served.
 */
export class Places {
  readonly #size: number
  #taken = 0
  readonly #begun = new Set<() => void>()
  readonly #new = new Set<() => void>()

  constructor(size: number) {
    this.#size = size
  }

  /** Requests that have a place. */
  get taken(): number {
    return this.#taken
  }

  /** Requests that wait for one. */
  get waiting(): number {
    return this.#begun.size + this.#new.size
  }

  /** Whether a request would have to wait. */
  get isFull(): boolean {
    return this.#taken >= this.#size
  }

  /**
   * Resolves when a place is given, to be released exactly once. Rejects with the signal's reason,
   * and takes none, when aborted first.
   */
  take(isNew: boolean, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (!this.isFull) {
      this.#taken++
      return Promise.resolve()
    }
    const queue = isNew ? this.#new : this.#begun
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        queue.delete(give)
        reject(signal.reason)
      }
      const give = () => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      }
      queue.add(give)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Gives the place on, or back. */
  release(): void {
    const queue = this.#begun.size > 0 ? this.#begun : this.#new
    const [next] = queue
    if (next === undefined) {
      this.#taken--
      return
    }
    queue.delete(next)
    next()
  }
}

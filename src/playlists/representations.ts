import type { Sized } from '../cache/memory-store.ts'

export interface MakeOptions {
  /** Aborted when the caller no longer waits. */
  left: AbortSignal
  /** Asked once the bytes are counted. What may not be kept is still returned. */
  mayKeep: () => boolean
  /** The most bytes that it may hold. */
  expectedBytes?: number
}

/**
 * What is made from a stored body on its first use and then kept beside it, by name, such as its
 * other formats. It counts what it holds, the names included.
 */
export class Derived<Made extends Sized> implements Sized {
  readonly #known = new Map<string, Made | Making<Made>>()
  #heldBytes = 0
  #expectedBytes = 0

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** The most that it is going to hold, once all that is being made is kept. */
  get expectedBytes(): number {
    return this.#heldBytes + this.#expectedBytes
  }

  /**
   * What is kept under the name, or a promise of what is being made. A caller that gets the promise
   * waits for it until the signal that its `left` returns is aborted.
   */
  get(name: string, caller: { left(): AbortSignal }): Made | Promise<Made> | undefined {
    const known = this.#known.get(name)
    return known instanceof Making ? known.join(caller.left()) : known
  }

  /** Keeps what was made under a name that has nothing yet, if `mayKeep` allows it, and returns it. */
  keep(name: string, made: Made, mayKeep: () => boolean): Made {
    const bytes = made.heldBytes + 2 * name.length
    this.#heldBytes += bytes
    if (mayKeep()) this.#known.set(name, made)
    else this.#heldBytes -= bytes
    return made
  }

  /**
   * Does the work for a name that has nothing yet and keeps what it makes. Callers that ask for the
   * name meanwhile wait for the same work. Once all of them have left, the signal of the work is
   * aborted; after that, or after a failure, the name has nothing again.
   */
  make(
    name: string,
    work: (signal: AbortSignal) => Promise<Made>,
    { left, mayKeep, expectedBytes = 0 }: MakeOptions,
  ): Promise<Made> {
    // The caller may have left while it waited for something else, such as a format.
    if (left.aborted) return Promise.reject(left.reason)
    const end = () => {
      if (this.#known.get(name) !== making) return
      this.#known.delete(name)
      this.#expectedBytes -= expectedBytes
    }
    const making = new Making(async signal => {
      signal.addEventListener('abort', end)
      let made: Made
      try {
        made = await work(signal)
      } finally {
        end()
      }
      signal.throwIfAborted()
      return this.keep(name, made, mayKeep)
    })
    this.#known.set(name, making)
    this.#expectedBytes += expectedBytes
    return making.join(left)
  }
}

/** Work that callers wait for; aborted once all of them have left. */
class Making<Made> {
  readonly #abandon = new AbortController()
  readonly #made: Promise<Made>
  #waiting = 0

  constructor(work: (signal: AbortSignal) => Promise<Made>) {
    this.#made = work(this.#abandon.signal)
  }

  join(left: AbortSignal): Promise<Made> {
    if (left.aborted) return Promise.reject(left.reason)
    this.#waiting++
    const leave = () => {
      if (--this.#waiting === 0) this.#abandon.abort(left.reason)
    }
    left.addEventListener('abort', leave, { once: true })
    return this.#made
  }
}

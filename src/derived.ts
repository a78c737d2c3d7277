import type { Sized } from './cache/memory-store.ts'

/**
 * What is made from a stored body on its first use and then kept beside it, by name, such as its
 * other formats. It counts what it holds, the names included.
 */
export class Derived<Made extends Sized> implements Sized {
  readonly #known = new Map<string, Made | Promise<Made>>()
  #heldBytes = 0
  #expectedBytes = 0

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** The most that it is going to hold, once all that is being made is kept. */
  get expectedBytes(): number {
    return this.#heldBytes + this.#expectedBytes
  }

  /** What is kept under the name, or is being made right now. */
  get(name: string): Made | Promise<Made> | undefined {
    return this.#known.get(name)
  }

  /**
   * Keeps what was made under a name that has nothing yet, and gives it back. `mayKeep` is asked
   * once the bytes are counted; when it says no, it is given back but not kept.
   */
  keep(name: string, made: Made, mayKeep: () => boolean): Made {
    const bytes = made.heldBytes + 2 * name.length
    this.#heldBytes += bytes
    if (mayKeep()) {
      this.#known.set(name, made)
    } else {
      this.#heldBytes -= bytes
      this.#known.delete(name)
    }
    return made
  }

  /**
   * The same for what is still being made, which may come to hold `expectedBytes`. When that fails
   * the name has nothing again, so that it can be tried again.
   */
  keepLater(
    name: string,
    making: Promise<Made>,
    mayKeep: () => boolean,
    expectedBytes = 0,
  ): Promise<Made> {
    this.#expectedBytes += expectedBytes
    const kept = making.then(
      made => {
        this.#expectedBytes -= expectedBytes
        return this.keep(name, made, mayKeep)
      },
      error => {
        this.#expectedBytes -= expectedBytes
        this.#known.delete(name)
        throw error
      },
    )
    this.#known.set(name, kept)
    return kept
  }
}

import type { Sized } from './cache/memory-store.ts'

/**
 * What is made from a stored body on its first use and then kept beside it, by name, such as its
 * other formats. It counts what it holds.
 */
export class Derived<Made extends Sized> implements Sized {
  readonly #kept = new Map<string, Made>()
  readonly #making = new Map<string, Promise<Made>>()
  #heldBytes = 0

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** What is kept under the name. */
  get(name: string): Made | undefined {
    return this.#kept.get(name)
  }

  /**
   * Makes what is not kept yet; everyone who asks meanwhile gets the same. `mayKeep` is asked once
   * the new bytes are counted; when it says no, they are handed out but not kept.
   *
   * Rejects with what `make` fails with; the next call tries again.
   */
  make(name: string, make: () => Promise<Made>, mayKeep: () => boolean): Promise<Made> {
    let making = this.#making.get(name)
    if (making === undefined) {
      making = make()
        .then(made => this.keep(name, made, mayKeep))
        .finally(() => this.#making.delete(name))
      this.#making.set(name, making)
    }
    return making
  }

  /** Keeps what was made elsewhere, if it may be kept; gives it back either way. */
  keep(name: string, made: Made, mayKeep: () => boolean): Made {
    this.#heldBytes += made.heldBytes
    if (mayKeep()) this.#kept.set(name, made)
    else this.#heldBytes -= made.heldBytes
    return made
  }
}

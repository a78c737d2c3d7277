import type { LinkName } from './link.ts'

/** Removes the lists of ended and replaced links. Each run also retries failed removals. */
export class Forgetting {
  readonly #forget: (link: LinkName) => Promise<void>
  /** Links with lists not yet removed everywhere. */
  readonly #left = new Set<LinkName>()

  constructor(forget: (link: LinkName) => Promise<void>) {
    this.#forget = forget
  }

  /**
   * Forgets this link's lists, and all earlier lists not yet forgotten.
   *
   * @throws {unknown} what `forget` threw; the next call tries again.
   */
  async run(link?: LinkName): Promise<void> {
    if (link !== undefined) this.#left.add(link)
    const forgotten = [...this.#left].map(async left => {
      await this.#forget(left)
      this.#left.delete(left)
    })
    await Promise.all(forgotten)
  }
}

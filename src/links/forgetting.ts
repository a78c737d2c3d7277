import type { LinkName } from './link.ts'

/** Removes the lists of ended and replaced links. Each run also retries removals that failed before. */
export class Forgetting {
  readonly #forget: (link: LinkName) => Promise<void>
  /** Links whose lists are not removed everywhere yet. */
  readonly #left = new Set<LinkName>()

  constructor(forget: (link: LinkName) => Promise<void>) {
    this.#forget = forget
  }

  /**
   * Forgets the lists of this link and of all earlier ones that are not forgotten yet.
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

/** A caller, as far as callers take turns. */
export interface Caller {
  readonly callerName: string
}

/**
 * The callers that wait for one lookup, by name. More may join while the lookup waits for its turn,
 * which then comes with the turn of any of them.
 */
export class WaitingCallers {
  /** Who asked for the lookup. */
  readonly first: string
  readonly #names: Set<string>
  readonly #watchers = new Set<(name: string) => void>()

  constructor(first: string) {
    this.first = first
    this.#names = new Set([first])
  }

  /** How many there are. */
  get size(): number {
    return this.#names.size
  }

  /** The lookup is for this caller, too. */
  join(name: string): void {
    if (this.#names.has(name)) return
    this.#names.add(name)
    for (const watcher of this.#watchers) watcher(name)
  }

  /** Calls the watcher with each name, now and as callers join; the returned function ends that. */
  watch(watcher: (name: string) => void): () => void {
    for (const name of this.#names) watcher(name)
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }
}

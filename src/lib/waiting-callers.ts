/** Identifies a caller, so that callers can take turns. */
export interface Caller {
  readonly callerName: string
}

/**
 * The names of callers waiting for the same lookup. More callers can join while the lookup waits for a
 * slot.
 */
export class WaitingCallers {
  /** The caller who requested the lookup. */
  readonly first: string
  readonly #names: Set<string>
  readonly #watchers = new Set<(name: string) => void>()

  constructor(first: string) {
    this.first = first
    this.#names = new Set([first])
  }

  get size(): number {
    return this.#names.size
  }

  join(name: string): void {
    if (this.#names.has(name)) return
    this.#names.add(name)
    for (const watcher of this.#watchers) watcher(name)
  }

  /** Calls the watcher with each name, now and when a caller joins, until the returned function is called. */
  watch(watcher: (name: string) => void): () => void {
    for (const name of this.#names) watcher(name)
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }
}

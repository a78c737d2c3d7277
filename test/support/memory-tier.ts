import type { StoredResponse } from '../../src/cache/freshness.ts'
import type { Claim, SharedTier } from '../../src/cache/shared-tier.ts'
import type { Problem } from '../../src/problems/problem.ts'

type News = { readonly failure: Problem | undefined }
const LOOK_ANEW: News = { failure: undefined }

/** What several caches of one process share, in place of an engine. */
export class MemoryTier<Body> {
  readonly entries = new Map<string, StoredResponse<Body>>()
  /** Who waits for whom, by key. */
  readonly claims = new Map<string, ((news: News) => void)[]>()
  readonly #listeners: { of: object; listener: (key: string, generatedAt: number) => void }[] = []
  /** While false, nobody can ask it. */
  isUp = true

  /** The tier as one of the caches sees it. */
  forReplica(): SharedTier<Body> {
    const self = {}
    return {
      get: async key => (this.isUp ? this.entries.get(key) : undefined),
      claim: async key => this.#claim(key, self),
      onStored: listener => {
        this.#listeners.push({ of: self, listener })
      },
    }
  }

  /** Whoever holds the key is gone. */
  expire(key: string): void {
    this.#end(key, LOOK_ANEW)
  }

  #claim(key: string, self: object): Claim<Body> {
    if (!this.isUp) return { kind: 'unavailable' }
    const waiting = this.claims.get(key)
    if (waiting !== undefined) {
      return { kind: 'taken', news: new Promise(resolve => waiting.push(resolve)) }
    }
    this.claims.set(key, [])
    return {
      kind: 'held',
      stored: async response => {
        this.entries.set(key, response)
        this.#end(key, LOOK_ANEW)
        for (const { of, listener } of this.#listeners) {
          if (of !== self) listener(key, response.generatedAt)
        }
      },
      failed: async failure => this.#end(key, { failure }),
      released: async () => this.#end(key, LOOK_ANEW),
    }
  }

  #end(key: string, news: News): void {
    const waiting = this.claims.get(key) ?? []
    this.claims.delete(key)
    for (const tell of waiting) tell(news)
  }
}

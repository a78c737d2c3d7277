import type { StoredResponse } from '../../src/cache/freshness.ts'
import type { LeaseEnd, LeaseResult, SharedTier } from '../../src/cache/shared-tier.ts'

const RELEASED: LeaseEnd = { failure: undefined }

/** A tier shared by caches within one process, in memory instead of Redis. */
export class MemoryTier<Body> {
  readonly entries = new Map<string, StoredResponse<Body>>()
  /** Replicas waiting for each leased key. */
  readonly leases = new Map<string, ((ended: LeaseEnd) => void)[]>()
  readonly #listeners: { of: object; listener: (key: string, generatedAt: number) => void }[] = []
  /** While false, the tier is unavailable. */
  isUp = true

  /** The tier as seen by one replica. */
  forReplica(): SharedTier<Body> {
    const self = {}
    return {
      get: async key => (this.isUp ? this.entries.get(key) : undefined),
      acquireLease: async key => this.#acquire(key, self),
      onStored: listener => {
        this.#listeners.push({ of: self, listener })
      },
    }
  }

  /** Ends the lease of a dead holder. */
  expire(key: string): void {
    this.#end(key, RELEASED)
  }

  #acquire(key: string, self: object): LeaseResult<Body> {
    if (!this.isUp) return { kind: 'unavailable' }
    const waiting = this.leases.get(key)
    if (waiting !== undefined) {
      return { kind: 'taken', ended: new Promise(resolve => waiting.push(resolve)) }
    }
    this.leases.set(key, [])
    return {
      kind: 'held',
      stored: async response => {
        this.entries.set(key, response)
        this.#end(key, RELEASED)
        for (const { of, listener } of this.#listeners) {
          if (of !== self) listener(key, response.generatedAt)
        }
      },
      failed: async failure => this.#end(key, { failure }),
      released: async () => this.#end(key, RELEASED),
    }
  }

  #end(key: string, ended: LeaseEnd): void {
    const waiting = this.leases.get(key) ?? []
    this.leases.delete(key)
    for (const resolve of waiting) resolve(ended)
  }
}

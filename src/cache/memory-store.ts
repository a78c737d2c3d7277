import { LRUCache } from 'lru-cache'
import { freshness, type StoredResponse } from './freshness.ts'

/**
 * The map entry, the list node and the instants of an entry, and what allocators take beside all that
 * is held, in gaps and rounded sizes: as measured in resident memory on 64-bit Node.
 */
const ENTRY_OVERHEAD_BYTES = 3400

/** What a body must tell so that the store can count it. */
export interface Sized {
  /** Memory held, in bytes. */
  readonly heldBytes: number
}

/** What is stored. */
export interface StoreSize {
  entries: number
  /** Memory held, in bytes. */
  bytes: number
  /** Its bound. */
  maxBytes: number
  /** Entries that had to go since the start because others needed the room. */
  evictions: number
}

/** Stored responses in memory, least recently used out first, bounded in bytes. */
export class MemoryStore<Body extends Sized> {
  readonly #entries: LRUCache<string, StoredResponse<Body>>
  #evictions = 0
  #changes = 0

  /** `maxBytes` bounds all that the entries hold together. */
  constructor(maxBytes: number) {
    this.#entries = new LRUCache<string, StoredResponse<Body>>({
      maxSize: maxBytes,
      sizeCalculation: sizeOf,
      dispose: (_response, _key, reason) => {
        if (reason === 'evict') this.#evictions++
      },
    })
  }

  get size(): StoreSize {
    const { size, calculatedSize, maxSize } = this.#entries
    return { entries: size, bytes: calculatedSize, maxBytes: maxSize, evictions: this.#evictions }
  }

  get(key: string): StoredResponse<Body> | undefined {
    return this.#entries.get(key)
  }

  /** The same, without counting as a use. */
  peek(key: string): StoredResponse<Body> | undefined {
    return this.#entries.peek(key)
  }

  /** A number that changes whenever something is stored. */
  get changes(): number {
    return this.#changes
  }

  /** All that is stored now, what was used longest ago first. */
  leastRecentFirst(): [string, StoredResponse<Body>][] {
    return [...this.#entries.entries()].reverse()
  }

  /** Replaces what is stored under the key. Returns false when it alone exceeds the bound. */
  set(key: string, response: StoredResponse<Body>): boolean {
    this.#changes++
    return this.#entries.set(key, response).has(key)
  }

  /** Drops what must not be served any more, so that nothing is kept longer than allowed. */
  dropGone(now: number): void {
    const gone: string[] = []
    for (const [key, response] of this.#entries.entries()) {
      if (freshness(response, now) === 'gone') gone.push(key)
    }
    for (const key of gone) this.#entries.delete(key)
  }

  /** Whether a body that counts is stored and may still be served. */
  hasUsable(now: number, counts: (body: Body) => boolean): boolean {
    for (const response of this.#entries.values()) {
      if (freshness(response, now) !== 'gone' && counts(response.body)) return true
    }
    return false
  }
}

function sizeOf({ body }: StoredResponse<Sized>, key: string): number {
  return body.heldBytes + 2 * key.length + ENTRY_OVERHEAD_BYTES
}

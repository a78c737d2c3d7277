import { LRUCache } from 'lru-cache'
import { freshness, type StoredResponse } from './freshness.ts'

/**
 * Memory per entry besides key and body: the map entry, the list node, the instants, and allocator gaps
 * and rounding. Measured in resident memory on 64-bit Node.
 */
const ENTRY_OVERHEAD_BYTES = 3400

/** A body with a known size. */
export interface Sized {
  /** Memory held, in bytes. */
  readonly heldBytes: number
}

export interface StoreSize {
  entries: number
  /** Memory held, in bytes. */
  bytes: number
  maxBytes: number
  /** Entries evicted since process start to make space for others. */
  evictions: number
}

/** Stores responses in memory, up to a size in bytes; evicts the least recently used. */
export class MemoryStore<Body extends Sized> {
  readonly #entries: LRUCache<string, StoredResponse<Body>>
  /** Whether responses can be stored and served under a key; a refused key stays refused. */
  readonly accepts: (key: string) => boolean
  #evictions = 0
  #changes = 0

  /** `maxBytes` bounds the memory for all entries together. Without `accepts`, all keys are accepted. */
  constructor(maxBytes: number, accepts: (key: string) => boolean = () => true) {
    this.accepts = accepts
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

  /** Like `get`, without counting as a use. */
  peek(key: string): StoredResponse<Body> | undefined {
    return this.#entries.peek(key)
  }

  /** A number that changes whenever a response is stored or retired. */
  get changes(): number {
    return this.#changes
  }

  /** All entries, the least recently used first. */
  leastRecentFirst(): [string, StoredResponse<Body>][] {
    return [...this.#entries.entries()].reverse()
  }

  /** Deletes the response under a key that is no longer accepted. */
  retire(key: string): void {
    this.#changes++
    this.#entries.delete(key)
  }

  /**
   * Replaces the response under the key. Returns false if the response alone exceeds the bound, or the key
   * is not accepted.
   */
  set(key: string, response: StoredResponse<Body>): boolean {
    if (!this.accepts(key)) return false
    this.#changes++
    return this.#entries.set(key, response).has(key)
  }

  /** Whether a response stored under the key can still be served at `now` (epoch ms). */
  isUsable(key: string, response: StoredResponse<Body>, now: number): boolean {
    return this.accepts(key) && freshness(response, now) !== 'gone'
  }

  /** Deletes all responses that must no longer be served at `now` (epoch ms). */
  dropGone(now: number): void {
    const gone: string[] = []
    for (const [key, response] of this.#entries.entries()) {
      if (freshness(response, now) === 'gone') gone.push(key)
    }
    for (const key of gone) this.#entries.delete(key)
  }

  /** Whether any stored response with a body that satisfies `counts` can be served at `now` (epoch ms). */
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

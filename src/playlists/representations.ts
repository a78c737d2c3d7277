import { LRUCache } from 'lru-cache'
import type { Sized } from '../cache/memory-store.ts'
import type { ListRepresentation } from './representation.ts'
import type { SerialisedItems } from './serialised-items.ts'

/** The share of `CACHE_MAX_BYTES` for what is made from cached lists; the lists get the rest. */
export const VARIANTS_SHARE = 0.25

/**
 * What is made from cached lists on first use: one LRU cache for all lists, bounded in bytes. Keys
 * name the content, not the cached list, so that a list that comes back unchanged finds its variants.
 * Variants of a list that is gone fall out in their turn.
 */
export class VariantCache {
  readonly #kept: LRUCache<string, Sized>
  readonly representations: Variants<ListRepresentation>
  /** Whole lists in the formats that have a line for each playlist. */
  readonly lines: Variants<SerialisedItems>

  /** `maxBytes` bounds all variants together, their keys included. */
  constructor(maxBytes: number) {
    this.#kept = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: ({ heldBytes }, key) => heldBytes + 2 * key.length,
    })
    this.representations = new Variants(this.#kept)
    this.lines = new Variants(this.#kept)
  }

  /** Memory held, in bytes. */
  get heldBytes(): number {
    return this.#kept.calculatedSize
  }
}

/** Variants of one type. Those of all types share one LRU cache, so their keys must differ. */
export class Variants<Variant extends Sized> {
  readonly #kept: LRUCache<string, Sized>
  readonly #making = new Map<string, Making<Variant>>()

  constructor(kept: LRUCache<string, Sized>) {
    this.#kept = kept
  }

  /** The variant, if it is cached. */
  get(key: string): Variant | undefined {
    return this.#kept.get(key) as Variant | undefined
  }

  /** Whether `make` has begun with it and not ended. */
  isMaking(key: string): boolean {
    return this.#making.has(key)
  }

  /**
   * Makes and caches a variant, or waits for the one that is being made under the key. Once all that
   * wait have left, the signal of the work is aborted. A failure is not cached, nor is a variant that
   * alone exceeds the bound.
   */
  make(
    key: string,
    work: (signal: AbortSignal) => Promise<Variant>,
    left: AbortSignal,
  ): Promise<Variant> {
    // The caller may have left while it waited for something else, such as a format.
    if (left.aborted) return Promise.reject(left.reason)
    return (this.#making.get(key) ?? this.#begin(key, work)).join(left)
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<Variant>): Making<Variant> {
    const end = () => {
      if (this.#making.get(key) === making) this.#making.delete(key)
    }
    const making = new Making(async signal => {
      signal.addEventListener('abort', end)
      try {
        const made = await work(signal)
        signal.throwIfAborted()
        this.#kept.set(key, made)
        return made
      } finally {
        end()
      }
    })
    this.#making.set(key, making)
    return making
  }
}

/** Work that callers wait for; aborted once all of them have left. */
class Making<Variant> {
  readonly #abandon = new AbortController()
  readonly #made: Promise<Variant>
  #waiting = 0

  constructor(work: (signal: AbortSignal) => Promise<Variant>) {
    this.#made = work(this.#abandon.signal)
  }

  join(left: AbortSignal): Promise<Variant> {
    this.#waiting++
    const leave = () => {
      if (--this.#waiting === 0) this.#abandon.abort(left.reason)
    }
    left.addEventListener('abort', leave, { once: true })
    return this.#made
  }
}

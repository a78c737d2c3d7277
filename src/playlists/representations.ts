import { LRUCache } from 'lru-cache'
import type { Sized } from '../cache/memory-store.ts'
import type { ListRepresentation } from './representation.ts'
import type { SerialisedItems } from './serialised-items.ts'

/** The share of `CACHE_MAX_BYTES` for variants of cached lists; the lists have the rest. */
export const VARIANTS_SHARE = 0.25

/** Holds a variant only while it is cached, so a reference to the slot keeps no memory in use. */
export interface Slot<Variant extends Sized> {
  variant: Variant | undefined
}

/** Variants of all types in one LRU cache, bounded in bytes. */
interface CachedVariants {
  readonly cache: LRUCache<string, Slot<Sized>>
  readonly representations: Variants<ListRepresentation>
  /** Whole lists in the line formats. */
  readonly lines: Variants<SerialisedItems>
}

function noVariants(maxBytes: number): CachedVariants {
  const cache = new LRUCache<string, Slot<Sized>>({
    maxSize: maxBytes,
    sizeCalculation: ({ variant }, key) => (variant as Sized).heldBytes + 2 * key.length,
    dispose: slot => {
      slot.variant = undefined
    },
  })
  return { cache, representations: new Variants(cache), lines: new Variants(cache) }
}

/**
 * Formats and representations of cached lists, made on first use: one LRU cache for all lists. Its keys
 * depend on the content, so a list that a revalidation left unchanged finds its variants again. Variants of
 * an evicted list stay until they are the least recently used.
 */
export class VariantCache {
  readonly #maxBytes: number
  #current: CachedVariants

  /** `maxBytes` bounds all variants together, their keys included. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#current = noVariants(maxBytes)
  }

  /** Where one request finds and caches its variants; requests after a `clear` do not see them. */
  get current(): Pick<CachedVariants, 'representations' | 'lines'> {
    return this.#current
  }

  /** The memory in use, in bytes. */
  get heldBytes(): number {
    return this.#current.cache.calculatedSize
  }

  /**
   * Forgets all variants, even those that requests in progress still make, since some may be of an ended
   * link.
   */
  clear(): void {
    this.#current.cache.clear()
    this.#current = noVariants(this.#maxBytes)
  }
}

/** Variants of one type. All types share one LRU cache, so their keys must differ. */
export class Variants<Variant extends Sized> {
  readonly #cache: LRUCache<string, Slot<Sized>>
  readonly #pending = new Map<string, PendingVariant<Variant>>()

  constructor(cache: LRUCache<string, Slot<Sized>>) {
    this.#cache = cache
  }

  /** The variant, if it is cached. */
  get(key: string): Variant | undefined {
    return this.#cache.get(key)?.variant as Variant | undefined
  }

  /** The slot of the variant, if it is cached, to find it again without its key; does not count as a use. */
  slot(key: string): Slot<Variant> | undefined {
    return this.#cache.peek(key) as Slot<Variant> | undefined
  }

  /** Whether `make` is working on the variant. */
  isPending(key: string): boolean {
    return this.#pending.has(key)
  }

  /**
   * Makes and caches a variant, or joins the work on the same key. Once all its callers have
   * disconnected, the signal of the work aborts. The cache takes no failures, and no variant that alone
   * exceeds the bound.
   */
  make(
    key: string,
    work: (signal: AbortSignal) => Promise<Variant>,
    disconnected: AbortSignal,
  ): Promise<Variant> {
    // The caller may have disconnected while it waited, such as for a format.
    if (disconnected.aborted) return Promise.reject(disconnected.reason)
    return (this.#pending.get(key) ?? this.#begin(key, work)).join(disconnected)
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<Variant>): PendingVariant<Variant> {
    const end = () => {
      if (this.#pending.get(key) === pending) this.#pending.delete(key)
    }
    const pending = new PendingVariant(async signal => {
      signal.addEventListener('abort', end)
      try {
        const made = await work(signal)
        signal.throwIfAborted()
        if (this.#pending.get(key) === pending) this.#cache.set(key, { variant: made })
        return made
      } finally {
        end()
      }
    })
    this.#pending.set(key, pending)
    return pending
  }
}

/** Work that callers wait for; cancelled once all of them have disconnected. */
class PendingVariant<Variant> {
  readonly #controller = new AbortController()
  readonly #made: Promise<Variant>
  #waiting = 0

  constructor(work: (signal: AbortSignal) => Promise<Variant>) {
    this.#made = work(this.#controller.signal)
  }

  join(disconnected: AbortSignal): Promise<Variant> {
    this.#waiting++
    const onDisconnect = () => {
      if (--this.#waiting === 0) this.#controller.abort(disconnected.reason)
    }
    disconnected.addEventListener('abort', onDisconnect, { once: true })
    return this.#made
  }
}

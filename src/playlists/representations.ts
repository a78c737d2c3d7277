import { LRUCache } from 'lru-cache'
import type { Sized } from '../cache/memory-store.ts'
import type { ListRepresentation } from './representation.ts'
import type { SerialisedItems } from './serialised-items.ts'

/** The `CACHE_MAX_BYTES` share for variants of cached lists; the lists get the rest. */
export const VARIANTS_SHARE = 0.25

/** Holds a variant only while it is cached, so a slot reference keeps no memory in use. */
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
 * Formats and representations for cached lists, made on first use: one LRU cache for all lists. The keys depend
 * on the content, so a list unchanged by a revalidation keeps the same variants. An evicted list's variants
 * stay until they are the least recently used.
 */
export class VariantCache {
  readonly #maxBytes: number
  #current: CachedVariants

  /** `maxBytes` bounds all variants together, including keys. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#current = noVariants(maxBytes)
  }

  /** Where a request finds and caches variants; requests after a `clear` do not see them. */
  get current(): Pick<CachedVariants, 'representations' | 'lines'> {
    return this.#current
  }

  /** The memory in use, in bytes. */
  get heldBytes(): number {
    return this.#current.cache.calculatedSize
  }

  /** Forgets all variants, even those still being made, since some might belong to an ended link. */
  clear(): void {
    this.#current.cache.clear()
    this.#current = noVariants(this.#maxBytes)
  }
}

/** Variants of one type. All types share an LRU cache, so their keys must differ. */
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

  /** The variant's slot, if cached, to find the variant again without the key; does not count as a use. */
  slot(key: string): Slot<Variant> | undefined {
    return this.#cache.peek(key) as Slot<Variant> | undefined
  }

  /** Whether `make` is working on the variant. */
  isPending(key: string): boolean {
    return this.#pending.has(key)
  }

  /**
   * Makes and caches a variant, or joins the work on the same key. Once all callers have disconnected, the
   * work's signal aborts. Failures are not cached, nor are variants larger than the whole bound.
   */
  make(
    key: string,
    work: (signal: AbortSignal) => Promise<Variant>,
    disconnected: AbortSignal,
  ): Promise<Variant> {
    // The caller might have disconnected while waiting, such as for a format.
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

/** Work awaited by callers; cancelled once all have disconnected. */
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

import type { StoredResponse } from './freshness.ts'
import type { MemoryStore, Sized } from './memory-store.ts'
import type { Claim, SharedTier } from './shared-tier.ts'

export interface TiersOptions<Body extends Sized> {
  store: MemoryStore<Body>
  tier: SharedTier<Body>
  /** What is to be kept in memory of a body from the tier, given what is there already. */
  adopt: (body: Body, previous: Body | undefined) => Body
}

/** Takes over into memory what other caches have stored in the tier that they share. */
export class Tiers<Body extends Sized> {
  readonly #options: TiersOptions<Body>
  readonly #looking = new Map<string, Promise<void>>()

  constructor(options: TiersOptions<Body>) {
    this.#options = options
    const { store, tier } = options
    tier.onStored((key, generatedAt) => {
      const held = store.peek(key)
      // Callers are not to see an older response here than they have seen elsewhere.
      if (held !== undefined && held.generatedAt < generatedAt) this.pull(key)
    })
  }

  /**
   * Asks the tier now, and returns what is newest there or in memory; that is in memory from then
   * on, unless it is too large. Never rejects.
   */
  async pull(key: string): Promise<StoredResponse<Body> | undefined> {
    const { store, tier, adopt } = this.#options
    const theirs = await tier.get(key)
    const ours = store.peek(key)
    if (theirs === undefined || (ours !== undefined && ours.generatedAt >= theirs.generatedAt)) {
      return ours
    }
    const adopted = { ...theirs, body: adopt(theirs.body, ours?.body) }
    store.set(key, adopted)
    return adopted
  }

  /** Asks to be the one of all caches that asks the origin. Never rejects. */
  claim(key: string): Promise<Claim<Body>> {
    return this.#options.tier.claim(key)
  }

  /** Asks the tier, or joins those who are asking it already: enough for a lookup. Never rejects. */
  look(key: string): Promise<void> {
    let looking = this.#looking.get(key)
    if (looking === undefined) {
      looking = this.pull(key)
        .then(() => {})
        .finally(() => this.#looking.delete(key))
      this.#looking.set(key, looking)
    }
    return looking
  }
}

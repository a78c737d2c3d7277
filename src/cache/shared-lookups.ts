import type { Clock } from '../lib/clock.ts'
import { asProblem } from '../problems/problem.ts'
import type { StoredResponse } from './freshness.ts'
import type { Outcome } from './lookup-result.ts'
import type { MemoryStore, Sized } from './memory-store.ts'
import { isWorthRemembering } from './negative-cache.ts'
import type { Claim, SharedTier } from './shared-tier.ts'

export interface TiersOptions<Body extends Sized> {
  store: MemoryStore<Body>
  tier: SharedTier<Body>
  /** What is to be kept in memory of a body from the tier, given what is there already. */
  adopt: (body: Body, previous: Body | undefined) => Body
  clock: Clock
}

/** One key for which the origin is to be asked. */
export interface Wanted<Body> {
  key: string
  /** What is to be replaced. */
  found: StoredResponse<Body> | undefined
  /** From when on, on the monotonic clock, another cache is not waited for any more. */
  deadlineMs: number
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
      if (held !== undefined && held.generatedAt < generatedAt) this.#pull(key)
    })
  }

  /**
   * Asks the origin with `ask` unless another of the caches that share the tier does already, whose
   * result is then good for all of them. `ask` is given what is to be replaced.
   *
   * @throws {Problem} what the origin failed with, here or there.
   */
  async askOnce(
    { key, found, deadlineMs }: Wanted<Body>,
    ask: (found: StoredResponse<Body> | undefined) => Promise<Outcome<Body>>,
  ): Promise<Outcome<Body>> {
    const { tier, clock } = this.#options
    const beganAt = clock.now()
    for (;;) {
      const claim = await tier.claim(key)
      if (claim.kind === 'unavailable') return ask(found)
      if (claim.kind === 'taken') {
        const { failure } = await claim.news
        if (failure !== undefined) throw failure
      }
      // After the claim, so that what was stored before it is seen.
      const newest = await this.#pull(key)
      const isNew = newest !== undefined && newest.generatedAt > (found?.generatedAt ?? 0)
      if (isNew && (newest.generatedAt >= beganAt || clock.now() < newest.freshUntil)) {
        if (claim.kind === 'held') claim.released()
        return { response: newest, status: undefined, stored: true }
      }
      if (claim.kind === 'held') return asHolder(claim, () => ask(newest ?? found))
      if (clock.monotonic() >= deadlineMs) return ask(newest ?? found)
    }
  }

  /** Asks the tier, or joins those who are asking it already: enough for a lookup. Never rejects. */
  look(key: string): Promise<void> {
    let looking = this.#looking.get(key)
    if (looking === undefined) {
      looking = this.#pull(key)
        .then(() => {})
        .finally(() => this.#looking.delete(key))
      this.#looking.set(key, looking)
    }
    return looking
  }

  /**
   * Asks the tier now, and returns what is newest there or in memory; that is in memory from then
   * on, unless it is too large. Never rejects.
   */
  async #pull(key: string): Promise<StoredResponse<Body> | undefined> {
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
}

/** The others are told behind the answer, so that no caller waits for that. */
async function asHolder<Body>(
  claim: Extract<Claim<Body>, { kind: 'held' }>,
  ask: () => Promise<Outcome<Body>>,
): Promise<Outcome<Body>> {
  try {
    const outcome = await ask()
    claim.stored(outcome.response)
    return outcome
  } catch (error) {
    const problem = asProblem(error)
    // What is about this process alone, such as its end, must not keep the others from asking.
    if (isWorthRemembering(problem)) claim.failed(problem)
    else claim.released()
    throw error
  }
}

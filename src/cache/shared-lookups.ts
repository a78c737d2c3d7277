import type { Clock } from '../lib/clock.ts'
import { asProblem } from '../problems/problem.ts'
import type { StoredResponse } from './freshness.ts'
import type { Outcome } from './lookup-result.ts'
import type { MemoryStore, Sized } from './memory-store.ts'
import { isCacheable } from './negative-cache.ts'
import type { LeaseResult, SharedTier } from './shared-tier.ts'

export interface SharedLookupsOptions<Body extends Sized> {
  store: MemoryStore<Body>
  tier: SharedTier<Body>
  /** Returns the body to keep in memory, given another replica's body and our own. */
  mergeFromReplica: (theirs: Body, ours: Body | undefined) => Body
  clock: Clock
}

/** A key to fetch from the origin. */
export interface FetchTarget<Body> {
  key: string
  /** The stored response to replace. */
  found: StoredResponse<Body> | undefined
  /** Monotonic ms. After this deadline, this replica stops waiting for other replicas. */
  deadlineMs: number
}

/** Reads responses from other replicas in the shared tier, and stores them in memory. */
export class SharedLookups<Body extends Sized> {
  readonly #options: SharedLookupsOptions<Body>
  readonly #inFlight = new Map<string, Promise<void>>()

  constructor(options: SharedLookupsOptions<Body>) {
    this.#options = options
    const { store, tier } = options
    tier.onStored((key, generatedAt) => {
      const held = store.peek(key)
      // Callers must not see an older response here than another replica has already sent them.
      if (held !== undefined && held.generatedAt < generatedAt) this.#fetchShared(key)
    })
  }

  /**
   * Fetches once across replicas: calls `fetch` if this replica gets the lease, else waits for the lease
   * holder's response. `fetch` gets the response to replace.
   *
   * @throws {Problem} if the fetch fails, on this replica or on the holder.
   */
  async fetchOnce(
    { key, found, deadlineMs }: FetchTarget<Body>,
    fetch: (found: StoredResponse<Body> | undefined) => Promise<Outcome<Body>>,
  ): Promise<Outcome<Body>> {
    const { tier, clock } = this.#options
    const beganAt = clock.now()
    for (;;) {
      const lease = await tier.acquireLease(key)
      if (lease.kind === 'unavailable') return fetch(found)
      if (lease.kind === 'taken') {
        const { failure } = await lease.ended
        if (failure !== undefined) throw failure
      }
      // This read follows acquireLease, so it sees what the last holder wrote.
      const newest = await this.#fetchShared(key)
      const isNew = newest !== undefined && newest.generatedAt > (found?.generatedAt ?? 0)
      if (isNew && (newest.generatedAt >= beganAt || clock.now() < newest.freshUntil)) {
        if (lease.kind === 'held') lease.released()
        return { response: newest, status: undefined, stored: true }
      }
      if (lease.kind === 'held') return fetchAsHolder(lease, () => fetch(newest ?? found))
      if (clock.monotonic() >= deadlineMs) return fetch(newest ?? found)
    }
  }

  /** Reads the key from the shared tier into memory, once for concurrent lookups. Never rejects. */
  lookUpShared(key: string): Promise<void> {
    let lookup = this.#inFlight.get(key)
    if (lookup === undefined) {
      lookup = this.#fetchShared(key)
        .then(() => {})
        .finally(() => this.#inFlight.delete(key))
      this.#inFlight.set(key, lookup)
    }
    return lookup
  }

  /**
   * Reads the key from the shared tier, and stores the response in memory if it is newer and fits. Returns
   * the shared or the local response, whichever is newer. Never rejects.
   */
  async #fetchShared(key: string): Promise<StoredResponse<Body> | undefined> {
    const { store, tier, mergeFromReplica } = this.#options
    const theirs = await tier.get(key)
    const ours = store.peek(key)
    if (theirs === undefined || (ours !== undefined && ours.generatedAt >= theirs.generatedAt)) {
      return ours
    }
    const merged = { ...theirs, body: mergeFromReplica(theirs.body, ours?.body) }
    store.set(key, merged)
    return merged
  }
}

/** Fetches as the lease holder. No caller waits until the other replicas are notified. */
async function fetchAsHolder<Body>(
  lease: Extract<LeaseResult<Body>, { kind: 'held' }>,
  fetch: () => Promise<Outcome<Body>>,
): Promise<Outcome<Body>> {
  try {
    const outcome = await fetch()
    lease.stored(outcome.response)
    return outcome
  } catch (error) {
    const problem = asProblem(error)
    // A local failure, such as shutdown, must not stop the other replicas.
    if (isCacheable(problem)) lease.failed(problem)
    else lease.released()
    throw error
  }
}

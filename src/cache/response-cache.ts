import { repeat, withTimeout } from '../lib/clock.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { Caller } from '../lib/waiting-callers.ts'
import { asProblem, Problem } from '../problems/problem.ts'
import { decide, type ForwardReason, type StoredResponse } from './freshness.ts'
import { type Lookup, type LookupCounts, lookupResult, noLookups } from './lookup-result.ts'
import type { Sized, StoreSize } from './memory-store.ts'
import { OriginFetches, type OriginFetchesOptions } from './origin-fetches.ts'
import { limitsStaleness, NO_DIRECTIVES, type RequestDirectives } from './request-directives.ts'
import { SharedLookups, type SharedLookupsOptions } from './shared-lookups.ts'

const SWEEP_INTERVAL_MS = 60_000
/** The `Retry-After` for a time-out: about as long as one more slow page takes. */
const RETRY_AFTER_MS = 5_000
/** The default caller for lookups. */
const ANONYMOUS: Caller = { callerName: '' }

export interface ResponseCacheOptions<Body extends Sized> extends OriginFetchesOptions<Body> {
  /** The age from which a caller can request a revalidation, in milliseconds. */
  minRefreshMs: number
  /** The tier shared with other replicas, if any. */
  shared?: Pick<SharedLookupsOptions<Body>, 'tier' | 'mergeFromReplica'>
}

/**
 * Serves lookups from the store, and fetches each key from the origin at most once at a time. A fetch
 * continues when a caller disconnects or times out, and the response is stored. A failure never removes a
 * stored response; the cache does not fetch that key again until the back-off is over.
 */
export class ResponseCache<Body extends Sized> {
  readonly #options: ResponseCacheOptions<Body>
  readonly #shared: SharedLookups<Body> | undefined
  readonly #fetches: OriginFetches<Body>
  readonly #counts = noLookups()
  readonly #endSweeps: () => void

  constructor(options: ResponseCacheOptions<Body>) {
    this.#options = options
    const { store, shared, clock } = options
    this.#shared = shared && new SharedLookups({ store, clock, ...shared })
    this.#fetches = new OriginFetches(options, this.#shared)
    this.#endSweeps = repeat(clock, SWEEP_INTERVAL_MS, () => store.dropGone(clock.now()))
  }

  /**
   * Looks up the key. A hit returns at once, without a promise. Failures are part of the result. Reads the
   * caller name only before a fetch; the promise rejects only if reading the name throws.
   */
  lookup(
    key: string,
    directives: RequestDirectives = NO_DIRECTIVES,
    caller: Caller = ANONYMOUS,
  ): Lookup<Body> | Promise<Lookup<Body>> {
    const lookup = this.#lookup(key, directives, caller, true)
    if (lookup instanceof Promise) return lookup.then(result => this.#counted(result))
    return this.#counted(lookup)
  }

  /**
   * Returns the response that `lookup` without directives would serve as a hit at `now` (epoch ms);
   * undefined if it would not be a hit. Does not count the hit.
   */
  fresh(key: string, now: number): StoredResponse<Body> | undefined {
    const found = this.#options.store.get(key)
    return found !== undefined && now < found.freshUntil ? found : undefined
  }

  /** Counts a hit served by `fresh`. */
  countHit(): void {
    this.#counts.hit++
  }

  #lookup(
    key: string,
    directives: RequestDirectives,
    caller: Caller,
    looksUpShared: boolean,
  ): Lookup<Body> | Promise<Lookup<Body>> {
    const { store, clock, minRefreshMs, signal } = this.#options
    const found = store.get(key)
    const decision = decide(found, clock.now(), directives, minRefreshMs)
    if (decision.use === 'reuse' && found !== undefined) return { response: found }
    if (decision.use === 'revalidate-in-background' && found !== undefined) {
      this.#fetches.revalidateInBackground(key, found)
      return { response: found }
    }
    // A fetch in flight looks up the shared tier itself.
    if (this.#shared !== undefined && looksUpShared && !this.#fetches.isInFlight(key)) {
      // This wait rejects only when the service stops; then our own store decides.
      const lookedUp = untilAborted(this.#shared.lookUpShared(key), signal).catch(() => {})
      return lookedUp.then(() => this.#lookup(key, directives, caller, false))
    }
    if (decision.use !== 'forward') return { failure: notStored() }
    // After a miss, `found` is undefined, or too old to serve.
    const usable = decision.reason === 'uri-miss' ? undefined : found
    const failure = this.#fetches.activeFailure(key)
    if (failure !== undefined) {
      return usable === undefined ? { failure } : { response: usable, failure }
    }
    // A failed key might take long to fail again, so lookups wait only on request.
    const mayWait = decision.reason !== 'stale' || limitsStaleness(directives)
    if (usable === undefined || mayWait || !this.#fetches.hasFailed(key)) {
      return this.#forward(key, usable, decision.reason, caller)
    }
    this.#fetches.revalidateInBackground(key, usable)
    return { response: usable }
  }

  #counted(lookup: Lookup<Body>): Lookup<Body> {
    this.#counts[lookupResult(lookup, this.#options.clock.now())]++
    if (lookup.forward?.collapsed) this.#counts.collapsed++
    return lookup
  }

  /** Lookups since process start, and the store size. */
  get status(): LookupCounts & StoreSize {
    return { ...this.#counts, ...this.#options.store.size }
  }

  /** Whether some lookup would get, from the cache alone, a body that satisfies `counts`. */
  hasUsable(counts: (body: Body) => boolean): boolean {
    return this.#options.store.hasUsable(this.#options.clock.now(), counts)
  }

  /** Stops the sweep timer. */
  close(): void {
    this.#endSweeps()
  }

  async #forward(
    key: string,
    found: StoredResponse<Body> | undefined,
    reason: ForwardReason,
    { callerName }: Caller,
  ): Promise<Lookup<Body>> {
    const collapsed = this.#fetches.isInFlight(key)
    const { outcome, cost } = this.#fetches.fetch(key, found, callerName)
    const forwarded = (status: number | undefined, stored: boolean) => {
      return { reason, status, stored, collapsed, requests: collapsed ? 0 : cost.requests }
    }
    try {
      const { response, status, stored } = await this.#inTime(outcome)
      const isShared = collapsed || status === undefined
      return { response, forward: { ...forwarded(status, stored), collapsed: isShared } }
    } catch (error) {
      const failure = asProblem(error)
      const forward = forwarded(failure.originStatus, false)
      const { store, clock } = this.#options
      if (found === undefined || !store.isUsable(key, found, clock.now())) {
        return { forward, failure }
      }
      this.#fetches.logFailedRevalidation(key, failure)
      return { response: found, forward, failure }
    }
  }

  /** Stops waiting on time-out or when the service stops; the work itself goes on. */
  #inTime<T>(work: Promise<T>): Promise<T> {
    const { clock, lookupTimeoutMs, signal } = this.#options
    return withTimeout(clock, lookupTimeoutMs, untilAborted(work, signal), () => {
      const detail = `The playlists did not arrive within ${lookupTimeoutMs} ms. The service may still be fetching them; retry soon.`
      return new Problem('deadline-exceeded', detail, { retryAt: clock.now() + RETRY_AFTER_MS })
    })
  }
}

function notStored(): Problem {
  const detail =
    'No usable response is cached, and the directive "only-if-cached" forbids a request to Spotify. Retry without it.'
  return new Problem('not-stored', detail)
}

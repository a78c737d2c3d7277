import { repeat, withTimeout } from '../lib/clock.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { Caller } from '../lib/waiting-callers.ts'
import { asProblem, Problem } from '../problems/problem.ts'
import {
  type Decision,
  decide,
  type ForwardReason,
  freshness,
  type StoredResponse,
} from './freshness.ts'
import { type Lookup, type LookupCounts, lookupResult, noLookups } from './lookup-result.ts'
import type { Sized, StoreSize } from './memory-store.ts'
import { Productions, type ProductionsOptions } from './origin-fetches.ts'
import { NO_DIRECTIVES, type RequestDirectives, saysHowStale } from './request-directives.ts'
import { Tiers } from './shared-lookups.ts'
import type { SharedTier } from './shared-tier.ts'

const SWEEP_INTERVAL_MS = 60_000
/** After a deadline: about as long as one more slow page takes. */
const ASK_AGAIN_MS = 5_000
/** The caller of a lookup that names none. */
const ANYBODY: Caller = { callerName: '' }

export interface ResponseCacheOptions<Body extends Sized> extends ProductionsOptions<Body> {
  /** Younger than this, in milliseconds, a stored response is not refreshed because a caller wants it. */
  minRefreshMs: number
  /** What this cache shares with others, if there are any. */
  shared?: {
    tier: SharedTier<Body>
    /** What is to be kept in memory of a body from the tier, given what is there already. */
    adopt: (body: Body, previous: Body | undefined) => Body
  }
}

/**
 * Answers lookups from the store and asks the origin at most once at a time for each key, whoever
 * waits. A caller that goes away or runs out of time leaves the others and the store untouched:
 * what was asked for is stored when it arrives. A failure never removes what is stored, and is
 * remembered: for the length of its back-off the origin is not asked for that key.
 */
export class ResponseCache<Body extends Sized> {
  readonly #options: ResponseCacheOptions<Body>
  readonly #tiers: Tiers<Body> | undefined
  readonly #productions: Productions<Body>
  readonly #counts = noLookups()
  readonly #endSweeps: () => void

  constructor(options: ResponseCacheOptions<Body>) {
    this.#options = options
    const { store, shared, clock } = options
    this.#tiers = shared && new Tiers({ store, clock, ...shared })
    this.#productions = new Productions(options, this.#tiers)
    this.#endSweeps = repeat(clock, SWEEP_INTERVAL_MS, () => store.dropGone(clock.now()))
  }

  /**
   * Looks the key up: at once, without a promise, when the store answers. What went wrong is part of
   * the result. The name of the caller is read only when the origin is to be asked; the promise
   * rejects only with what that throws.
   */
  lookup(
    key: string,
    directives: RequestDirectives = NO_DIRECTIVES,
    caller: Caller = ANYBODY,
  ): Lookup<Body> | Promise<Lookup<Body>> {
    const lookup = this.#lookup(key, directives, caller)
    if (lookup instanceof Promise) return lookup.then(answered => this.#counted(answered))
    return this.#counted(lookup)
  }

  #lookup(
    key: string,
    directives: RequestDirectives,
    caller: Caller,
  ): Lookup<Body> | Promise<Lookup<Body>> {
    const { store, clock, minRefreshMs, signal } = this.#options
    const found = store.get(key)
    const decision = decide(found, clock.now(), directives, minRefreshMs)
    if (decision.use === 'reuse' && found !== undefined) return { response: found }
    // What is refreshed behind the answer, or on its way already, finds the tier's by itself.
    const isNews = decision.use !== 'revalidate-behind' && !this.#productions.isUnderWay(key)
    if (this.#tiers === undefined || !isNews) {
      return this.#settle(key, found, decision, directives, caller)
    }
    // Only stopping rejects it; then what is stored here has to do.
    const looked = untilAborted(this.#tiers.look(key), signal).catch(() => {})
    return looked.then(() => {
      const newest = store.get(key)
      const newly = decide(newest, clock.now(), directives, minRefreshMs)
      return this.#settle(key, newest, newly, directives, caller)
    })
  }

  #settle(
    key: string,
    found: StoredResponse<Body> | undefined,
    decision: Decision,
    directives: RequestDirectives,
    caller: Caller,
  ): Lookup<Body> | Promise<Lookup<Body>> {
    if (decision.use === 'forward') {
      // A miss may have found something that is gone, which nobody is to see again.
      const usable = decision.reason === 'uri-miss' ? undefined : found
      const failure = this.#productions.standingFailure(key)
      if (failure !== undefined) {
        return usable === undefined ? { failure } : { response: usable, failure }
      }
      // What failed last time may take long to fail again, and nobody is to wait for that twice who
      // has not asked for it.
      const mayWait = decision.reason !== 'stale' || saysHowStale(directives)
      const isDoubtful = !mayWait && this.#productions.hasFailed(key)
      if (usable === undefined || !isDoubtful) {
        return this.#forward(key, usable, decision.reason, caller)
      }
      this.#productions.refreshBehind(key, usable)
      return { response: usable }
    }
    if (found === undefined || decision.use === 'not-stored') return { failure: notStored() }
    if (decision.use === 'revalidate-behind') this.#productions.refreshBehind(key, found)
    return { response: found }
  }

  #counted(lookup: Lookup<Body>): Lookup<Body> {
    this.#counts[lookupResult(lookup, this.#options.clock.now())]++
    if (lookup.forward?.collapsed) this.#counts.collapsed++
    return lookup
  }

  /** How lookups were answered since the start, and what is stored. */
  get status(): LookupCounts & StoreSize {
    return { ...this.#counts, ...this.#options.store.size }
  }

  /** Whether some lookup could be answered, without the origin, with a body that counts. */
  hasUsable(counts: (body: Body) => boolean): boolean {
    return this.#options.store.hasUsable(this.#options.clock.now(), counts)
  }

  /** Ends the timer that drops what is gone. */
  close(): void {
    this.#endSweeps()
  }

  async #forward(
    key: string,
    found: StoredResponse<Body> | undefined,
    reason: ForwardReason,
    { callerName }: Caller,
  ): Promise<Lookup<Body>> {
    const collapsed = this.#productions.isUnderWay(key)
    const production = this.#productions.produce(key, found, callerName)
    const requests = () => (collapsed ? 0 : production.cost.requests)
    try {
      const { response, status, stored } = await this.#inTime(production.outcome)
      const isShared = collapsed || status === undefined
      const forward = { reason, status, stored, collapsed: isShared, requests: requests() }
      return { response, forward }
    } catch (error) {
      const failure = asProblem(error)
      const forward = {
        reason,
        status: failure.originStatus,
        stored: false,
        collapsed,
        requests: requests(),
      }
      if (found === undefined || freshness(found, this.#options.clock.now()) === 'gone') {
        return { forward, failure }
      }
      this.#productions.logFailedRefresh(key, failure)
      return { response: found, forward, failure }
    }
  }

  /** Ends the wait for the work, but not the work, at the deadline or when the service stops. */
  #inTime<T>(work: Promise<T>): Promise<T> {
    const { clock, lookupTimeoutMs, signal } = this.#options
    return withTimeout(clock, lookupTimeoutMs, untilAborted(work, signal), () => {
      const detail = `The playlists did not arrive within ${lookupTimeoutMs} ms. They may still be on their way; ask again soon.`
      return new Problem('deadline-exceeded', detail, { retryAt: clock.now() + ASK_AGAIN_MS })
    })
  }
}

function notStored(): Problem {
  const detail =
    'Nothing usable is stored, and the directive "only-if-cached" forbids to ask Spotify. Ask without it.'
  return new Problem('not-stored', detail)
}

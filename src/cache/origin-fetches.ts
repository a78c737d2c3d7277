import type { RunInBackground } from '../lib/background.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { WaitingCallers } from '../lib/waiting-callers.ts'
import { asProblem, type Problem } from '../problems/problem.ts'
import { type Lifetime, type StoredResponse, stored } from './freshness.ts'
import type { Outcome } from './lookup-result.ts'
import type { MemoryStore, Sized } from './memory-store.ts'
import { NegativeCache } from './negative-cache.ts'
import type { SharedLookups } from './shared-lookups.ts'

/**
 * Background revalidations count as one caller. No caller has this name: API key names have no spaces, and
 * all other names begin with `address`.
 */
const REVALIDATIONS = 'background revalidations'

/** A response from the origin. */
export interface OriginResponse<Body> {
  body: Body
  status: number
  lifetime: Lifetime
}

export interface FetchOptions {
  /** Monotonic ms. After this deadline, the fetch must not start or retry a request. */
  deadlineMs: number
  callers: WaitingCallers
  /** Whether a cached response can be served instead, so other fetches have priority. */
  isRevalidation: boolean
  /** Called for each request the fetch sends. */
  onRequest: () => void
}

export interface OriginFetchesOptions<Body extends Sized> {
  store: MemoryStore<Body>
  /** Fetches from the origin. `previous` is the stored body to replace. */
  fetch: (
    key: string,
    previous: Body | undefined,
    options: FetchOptions,
  ) => Promise<OriginResponse<Body>>
  clock: Clock
  /** Returns a number from 0 (inclusive) to 1 (exclusive): the jitter for back-offs. */
  random: () => number
  /** How long a caller waits for the origin, in milliseconds. */
  lookupTimeoutMs: number
  /** Aborted with a Problem when the service stops. Waiting callers get that problem. */
  signal: AbortSignal
  runInBackground: RunInBackground
  log: Log
}

/** An origin fetch in flight. */
export interface OriginFetch<Body> {
  /** Rejects with the origin's Problem. */
  readonly outcome: Promise<Outcome<Body>>
  /** The requests sent so far. */
  readonly cost: { readonly requests: number }
  readonly callers: WaitingCallers
}

/** Fetches each key at most once at a time, stores responses, and caches failures. */
export class OriginFetches<Body extends Sized> {
  readonly #options: OriginFetchesOptions<Body>
  readonly #inFlight = new Map<string, OriginFetch<Body>>()
  readonly #failures: NegativeCache
  /**
   * The problem type from the last failed revalidation, so the log warns about an outage once, not on every
   * hit.
   */
  #lastProblem: string | undefined

  readonly #shared: SharedLookups<Body> | undefined

  /** Without `shared`, this process fetches only for itself. */
  constructor(options: OriginFetchesOptions<Body>, shared: SharedLookups<Body> | undefined) {
    this.#options = options
    this.#shared = shared
    this.#failures = new NegativeCache(options)
  }

  isInFlight(key: string): boolean {
    return this.#inFlight.has(key)
  }

  /** Why the key must not be fetched now: the service is stopping, or the key is in back-off. */
  activeFailure(key: string): Problem | undefined {
    const { signal } = this.#options
    return signal.aborted ? (signal.reason as Problem) : this.#failures.active(key)
  }

  /** Whether the last fetch of the key failed. */
  hasFailed(key: string): boolean {
    return this.#failures.has(key)
  }

  /** Starts a fetch, or joins a fetch in flight. */
  fetch(key: string, found: StoredResponse<Body> | undefined, caller: string): OriginFetch<Body> {
    let originFetch = this.#inFlight.get(key)
    if (originFetch === undefined) {
      const callers = new WaitingCallers(caller)
      const cost = { requests: 0 }
      const onRequest = () => {
        cost.requests++
      }
      const outcome = this.#fetchOnce(key, found, { callers, onRequest })
        .catch(error => {
          throw this.#failures.add(key, asProblem(error))
        })
        .finally(() => this.#inFlight.delete(key))
      originFetch = { outcome, cost, callers }
      this.#inFlight.set(key, originFetch)
    }
    originFetch.callers.join(caller)
    return originFetch
  }

  /** Revalidates a stale response in the background, unless the key is in back-off. */
  revalidateInBackground(key: string, found: StoredResponse<Body>): void {
    if (this.isInFlight(key) || this.activeFailure(key) !== undefined) return
    this.#options.runInBackground('refresh', () => this.#revalidate(key, found))
  }

  /** Logs that the cache serves a stale response because revalidation failed. */
  logFailedRevalidation(key: string, problem: Problem): void {
    const level = problem.type === this.#lastProblem ? 'debug' : 'warn'
    this.#lastProblem = problem.type
    this.#options.log[level](
      { err: problem, user_id: key },
      'revalidation failed, serving the stale response',
    )
  }

  async #revalidate(key: string, found: StoredResponse<Body>): Promise<void> {
    const { log, clock } = this.#options
    const startedAtMs = clock.monotonic()
    const { outcome, cost } = this.fetch(key, found, REVALIDATIONS)
    await outcome.then(
      () => {
        const durationMs = Math.round(clock.monotonic() - startedAtMs)
        log.info(
          { user_id: key, spotify_requests: cost.requests, duration_ms: durationMs },
          'revalidated a stale response in the background',
        )
      },
      problem => this.logFailedRevalidation(key, problem),
    )
  }

  async #fetchOnce(
    key: string,
    found: StoredResponse<Body> | undefined,
    options: Pick<FetchOptions, 'callers' | 'onRequest'>,
  ): Promise<Outcome<Body>> {
    const { clock, lookupTimeoutMs } = this.#options
    const deadlineMs = clock.monotonic() + lookupTimeoutMs
    const fetch = (previous: StoredResponse<Body> | undefined) =>
      this.#fetchAndStore(key, previous, {
        ...options,
        deadlineMs,
        isRevalidation: found !== undefined,
      })
    const outcome = await (this.#shared === undefined
      ? fetch(found)
      : this.#shared.fetchOnce({ key, found, deadlineMs }, fetch))
    this.#lastProblem = undefined
    this.#failures.delete(key)
    return outcome
  }

  async #fetchAndStore(
    key: string,
    previous: StoredResponse<Body> | undefined,
    options: FetchOptions,
  ): Promise<Outcome<Body>> {
    const { fetch, store, clock, log } = this.#options
    const { body, status, lifetime } = await fetch(key, previous?.body, options)
    const response = stored(body, clock.now(), lifetime)
    const isStored = store.set(key, response)
    if (!isStored && store.accepts(key)) {
      log.warn(
        { user_id: key, bytes: body.heldBytes },
        'response exceeds CACHE_MAX_BYTES, not stored',
      )
    }
    return { response, status, stored: isStored }
  }
}

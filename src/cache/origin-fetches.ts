import type { RunInBackground } from '../lib/background.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { WaitingCallers } from '../lib/waiting-callers.ts'
import { asProblem, type Problem } from '../problems/problem.ts'
import { type Lifetime, type StoredResponse, stored } from './freshness.ts'
import type { Outcome } from './lookup-result.ts'
import type { MemoryStore, Sized } from './memory-store.ts'
import { FailureMemory } from './negative-cache.ts'
import type { Tiers } from './shared-lookups.ts'

/** Background revalidations take turns with callers under this name, which no caller has. */
const REFRESHES = 'refreshes behind answers'

/** What the origin gave, with the status it came with, and how long it may be used. */
export interface Produced<Body> {
  body: Body
  status: number
  lifetime: Lifetime
}

/** For whom the origin is asked. */
export interface ProduceTerms {
  /** On the monotonic clock: from then on it is not begun, and nothing of it is sent again. */
  deadlineMs: number
  /** Who waits for it. */
  callers: WaitingCallers
  /** Whether a stored response can be answered without it, so that others come first. */
  isRefresh: boolean
  /** To be called for each request that is sent for it. */
  onRequest: () => void
}

export interface ProductionsOptions<Body extends Sized> {
  store: MemoryStore<Body>
  /** Asks the origin. `previous` is the stored body that the new one will replace. */
  produce: (key: string, previous: Body | undefined, terms: ProduceTerms) => Promise<Produced<Body>>
  clock: Clock
  /** A number from 0 (included) to 1 (excluded); spreads the next tries after failures. */
  random: () => number
  /** How long a caller waits for the origin, in milliseconds. */
  lookupTimeoutMs: number
  /** Aborted with a Problem when the service stops: callers get it instead of waiting on. */
  signal: AbortSignal
  runInBackground: RunInBackground
  log: Log
}

/** The origin is being asked. */
export interface Production<Body> {
  /** Rejects with the problem that the origin failed with. */
  readonly outcome: Promise<Outcome<Body>>
  /** What has been sent for it so far. */
  readonly cost: { readonly requests: number }
  readonly callers: WaitingCallers
}

/**
 * Asks the origin at most once at a time for each key, stores what it gives, and remembers what it
 * fails with.
 */
export class Productions<Body extends Sized> {
  readonly #options: ProductionsOptions<Body>
  readonly #inFlight = new Map<string, Production<Body>>()
  readonly #failures: FailureMemory
  /** What refreshes fail with, so that a long outage is logged when it begins, not at every hit. */
  #failingWith: string | undefined

  readonly #tiers: Tiers<Body> | undefined

  /** `tiers`: what this cache has in common with others, if anything. */
  constructor(options: ProductionsOptions<Body>, tiers: Tiers<Body> | undefined) {
    this.#options = options
    this.#tiers = tiers
    this.#failures = new FailureMemory(options)
  }

  /** Whether the origin is being asked for the key. */
  isUnderWay(key: string): boolean {
    return this.#inFlight.has(key)
  }

  /** Why the origin is not to be asked for the key now; undefined when it may be. */
  standingFailure(key: string): Problem | undefined {
    const { signal } = this.#options
    return signal.aborted ? (signal.reason as Problem) : this.#failures.standing(key)
  }

  /** Whether the origin failed when it was last asked for the key. */
  hasFailed(key: string): boolean {
    return this.#failures.has(key)
  }

  /** Asks the origin for this caller, or joins it to those who wait already. */
  produce(key: string, found: StoredResponse<Body> | undefined, caller: string): Production<Body> {
    let production = this.#inFlight.get(key)
    if (production === undefined) {
      const callers = new WaitingCallers(caller)
      const cost = { requests: 0 }
      const onRequest = () => {
        cost.requests++
      }
      const outcome = this.#produceAndStore(key, found, { callers, onRequest })
        .catch(error => {
          throw this.#failures.remember(key, asProblem(error))
        })
        .finally(() => this.#inFlight.delete(key))
      production = { outcome, cost, callers }
      this.#inFlight.set(key, production)
    }
    production.callers.join(caller)
    return production
  }

  /** Refreshes a stored response that has just been answered, unless the key is in its back-off. */
  refreshBehind(key: string, found: StoredResponse<Body>): void {
    if (this.isUnderWay(key) || this.standingFailure(key) !== undefined) return
    this.#options.runInBackground('refresh', () => this.#refresh(key, found))
  }

  /** A stored response is answered instead of a fresh one. */
  logFailedRefresh(key: string, problem: Problem): void {
    const level = problem.type === this.#failingWith ? 'debug' : 'warn'
    this.#failingWith = problem.type
    this.#options.log[level](
      { err: problem, user_id: key },
      'refresh failed, the stale answer stands',
    )
  }

  async #refresh(key: string, found: StoredResponse<Body>): Promise<void> {
    const { log, clock } = this.#options
    const startedAtMs = clock.monotonic()
    const { outcome, cost } = this.produce(key, found, REFRESHES)
    await outcome.then(
      () => {
        const durationMs = Math.round(clock.monotonic() - startedAtMs)
        log.info(
          { user_id: key, spotify_requests: cost.requests, duration_ms: durationMs },
          'refreshed behind a stale answer',
        )
      },
      problem => this.logFailedRefresh(key, problem),
    )
  }

  async #produceAndStore(
    key: string,
    found: StoredResponse<Body> | undefined,
    terms: Pick<ProduceTerms, 'callers' | 'onRequest'>,
  ): Promise<Outcome<Body>> {
    const { clock, lookupTimeoutMs } = this.#options
    const deadlineMs = clock.monotonic() + lookupTimeoutMs
    const ask = (previous: StoredResponse<Body> | undefined) =>
      this.#ask(key, previous, { ...terms, deadlineMs, isRefresh: found !== undefined })
    const outcome = await (this.#tiers === undefined
      ? ask(found)
      : this.#tiers.askOnce({ key, found, deadlineMs }, ask))
    this.#failingWith = undefined
    this.#failures.forget(key)
    return outcome
  }

  async #ask(
    key: string,
    found: StoredResponse<Body> | undefined,
    terms: ProduceTerms,
  ): Promise<Outcome<Body>> {
    const { produce, store, clock, log } = this.#options
    const { body, status, lifetime } = await produce(key, found?.body, terms)
    const response = stored(body, clock.now(), lifetime)
    const isStored = store.set(key, response)
    if (!isStored) {
      log.warn({ user_id: key, bytes: body.heldBytes }, 'larger than the whole cache, not stored')
    }
    return { response, status, stored: isStored }
  }
}

import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { asProblem, Problem } from '../problems.ts'
import {
  decide,
  type ForwardReason,
  freshness,
  type Lifetime,
  type StoredResponse,
  stored,
} from './freshness.ts'
import type { MemoryStore, Sized } from './memory-store.ts'
import { NO_DIRECTIVES, type RequestDirectives } from './request-directives.ts'

const SWEEP_INTERVAL_MS = 60_000
/** After a deadline: about as long as one more slow page takes. */
const ASK_AGAIN_MS = 5_000

/** What the origin gave, with the status it came with, and how long it may be used. */
export interface Produced<Body> {
  body: Body
  status: number
  lifetime: Lifetime
}

export interface ResponseCacheOptions<Body extends Sized> {
  store: MemoryStore<Body>
  /**
   * Asks the origin. `previous` is the stored body that the new one will replace; `deadlineMs`, on
   * the monotonic clock, is when those who asked first stop waiting.
   */
  produce: (key: string, previous: Body | undefined, deadlineMs: number) => Promise<Produced<Body>>
  clock: Clock
  /** How long a caller waits for the origin, in milliseconds. */
  lookupTimeoutMs: number
  /** Younger than this, in milliseconds, a stored response is not refreshed because a caller wants it. */
  minRefreshMs: number
  log: Log
}

/** The way of a lookup to the origin, in the terms of RFC 9211. */
export interface Forward {
  readonly reason: ForwardReason
  /** The status that the origin answered with; undefined when no answer arrived. */
  readonly status: number | undefined
  /** Whether the answer was stored. */
  readonly stored: boolean
  /** Whether the lookup shared a request to the origin that was already under way. */
  readonly collapsed: boolean
}

/**
 * What came of a lookup: a response, from the store when there is no `forward`; a response that
 * stands in for the `failure` of the origin; or just the failure.
 */
export type Lookup<Body> =
  | {
      readonly response: StoredResponse<Body>
      readonly forward?: Forward
      readonly failure?: Problem
    }
  | { readonly response?: never; readonly forward?: Forward; readonly failure: Problem }

/** What a request to the origin came to, for all who wait for it. */
interface Production<Body> {
  readonly response: StoredResponse<Body>
  readonly status: number
  readonly stored: boolean
}

/**
 * Answers lookups from the store and asks the origin at most once at a time for each key, whoever
 * waits. A caller that goes away or runs out of time leaves the others and the store untouched:
 * what was asked for is stored when it arrives. A failure never removes what is stored.
 */
export class ResponseCache<Body extends Sized> {
  readonly #options: ResponseCacheOptions<Body>
  readonly #inFlight = new Map<string, Promise<Production<Body>>>()
  #cancelSweep: () => void
  /** What refreshes fail with, so that a long outage is logged when it begins, not at every hit. */
  #failingWith: string | undefined

  constructor(options: ResponseCacheOptions<Body>) {
    this.#options = options
    this.#cancelSweep = this.#sweepLater()
  }

  /**
   * Looks the key up: at once, without a promise, when the store answers. The promise never
   * rejects; what went wrong is part of the result.
   */
  lookup(
    key: string,
    directives: RequestDirectives = NO_DIRECTIVES,
  ): Lookup<Body> | Promise<Lookup<Body>> {
    const { store, clock, minRefreshMs } = this.#options
    const found = store.get(key)
    const decision = decide(found, clock.now(), directives, minRefreshMs)
    if (decision.use === 'forward') {
      // A miss may have found something that is gone, which nobody is to see again.
      const usable = decision.reason === 'uri-miss' ? undefined : found
      return this.#forward(key, usable, decision.reason)
    }
    if (found === undefined || decision.use === 'not-stored') return { failure: notStored() }
    if (decision.use === 'revalidate-behind') this.#refreshBehind(key, found)
    return { response: found }
  }

  /**
   * Counts what is stored under the key anew after its body has grown; false when it grew too
   * large, and then the old count stands.
   */
  recount(key: string): boolean {
    return this.#options.store.recount(key)
  }

  /** Whether some lookup could be answered without the origin. */
  hasUsable(): boolean {
    return this.#options.store.hasUsable(this.#options.clock.now())
  }

  /** Ends the timer that drops what is gone. */
  close(): void {
    this.#cancelSweep()
  }

  async #forward(
    key: string,
    found: StoredResponse<Body> | undefined,
    reason: ForwardReason,
  ): Promise<Lookup<Body>> {
    const collapsed = this.#inFlight.has(key)
    try {
      const { response, status, stored } = await this.#inTime(this.#produce(key, found))
      return { response, forward: { reason, status, stored, collapsed } }
    } catch (error) {
      const failure = asProblem(error)
      const forward = { reason, status: failure.originStatus, stored: false, collapsed }
      if (found === undefined || freshness(found, this.#options.clock.now()) === 'gone') {
        return { forward, failure }
      }
      this.#logFailedRefresh(key, failure)
      return { response: found, forward, failure }
    }
  }

  #refreshBehind(key: string, found: StoredResponse<Body>): void {
    if (this.#inFlight.has(key)) return
    this.#produce(key, found).catch(error => this.#logFailedRefresh(key, asProblem(error)))
  }

  #logFailedRefresh(key: string, problem: Problem): void {
    const level = problem.type === this.#failingWith ? 'debug' : 'warn'
    this.#failingWith = problem.type
    this.#options.log[level](
      { err: problem, user_id: key },
      'refresh failed, the stale answer stands',
    )
  }

  #produce(key: string, found: StoredResponse<Body> | undefined): Promise<Production<Body>> {
    let production = this.#inFlight.get(key)
    if (production === undefined) {
      production = this.#produceAndStore(key, found).finally(() => this.#inFlight.delete(key))
      this.#inFlight.set(key, production)
    }
    return production
  }

  async #produceAndStore(
    key: string,
    found: StoredResponse<Body> | undefined,
  ): Promise<Production<Body>> {
    const { produce, store, clock, lookupTimeoutMs, log } = this.#options
    const deadlineMs = clock.monotonic() + lookupTimeoutMs
    const { body, status, lifetime } = await produce(key, found?.body, deadlineMs)
    this.#failingWith = undefined
    const response = stored(body, clock.now(), lifetime)
    const isStored = store.set(key, response)
    if (!isStored) {
      log.warn({ user_id: key, bytes: body.heldBytes }, 'larger than the whole cache, not stored')
    }
    return { response, status, stored: isStored }
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    const { clock, lookupTimeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const cancel = clock.schedule(lookupTimeoutMs, () => {
        const detail = `The playlists did not arrive within ${lookupTimeoutMs} ms. They may still be on their way; ask again soon.`
        reject(new Problem('deadline-exceeded', detail, { retryAt: clock.now() + ASK_AGAIN_MS }))
      })
      work.then(resolve, reject).finally(cancel)
    })
  }

  #sweepLater(): () => void {
    const { clock, store } = this.#options
    return clock.schedule(SWEEP_INTERVAL_MS, () => {
      store.dropGone(clock.now())
      this.#cancelSweep = this.#sweepLater()
    })
  }
}

function notStored(): Problem {
  const detail =
    'Nothing usable is stored, and the directive "only-if-cached" forbids to ask Spotify. Ask without it.'
  return new Problem('not-stored', detail)
}

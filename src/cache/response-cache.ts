import type { Clock } from '../clock.ts'
import type { Log } from '../log.ts'
import { asProblem, Problem } from '../problems.ts'
import { freshness, type Lifetime, type StoredResponse, stored } from './freshness.ts'
import type { MemoryStore, Sized } from './memory-store.ts'

const SWEEP_INTERVAL_MS = 60_000
/** After a deadline: about as long as one more slow page takes. */
const ASK_AGAIN_MS = 5_000

/** What the origin gave, and how long it may be used. */
export interface Produced<Body> {
  body: Body
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
  log: Log
}

/**
 * How a lookup was answered: `hit` (stored and fresh), `stale` (stored, being refreshed behind),
 * `stale-if-error` (stored, since a refresh failed), `revalidated` (refreshed first), `miss`
 * (nothing usable was stored).
 */
export type CacheResult = 'hit' | 'stale' | 'stale-if-error' | 'revalidated' | 'miss'

export interface Lookup<Body> {
  response: StoredResponse<Body>
  result: CacheResult
}

/**
 * Answers lookups from the store and asks the origin at most once at a time for each key, whoever
 * waits. A caller that goes away or runs out of time leaves the others and the store untouched:
 * what was asked for is stored when it arrives. A failure never removes what is stored.
 */
export class ResponseCache<Body extends Sized> {
  readonly #options: ResponseCacheOptions<Body>
  readonly #inFlight = new Map<string, Promise<StoredResponse<Body>>>()
  #cancelSweep: () => void
  /** What refreshes fail with, so that a long outage is logged when it begins, not at every hit. */
  #failingWith: string | undefined

  constructor(options: ResponseCacheOptions<Body>) {
    this.#options = options
    this.#cancelSweep = this.#sweepLater()
  }

  /**
   * The response for the key: at once, without a promise, when a stored one may be served.
   *
   * @throws {Problem} `deadline-exceeded`, or whatever the origin failed with.
   */
  lookup(key: string): Lookup<Body> | Promise<Lookup<Body>> {
    const found = this.#options.store.get(key)
    if (found === undefined) return this.#forward(key, undefined)
    switch (freshness(found, this.#options.clock.now())) {
      case 'fresh':
        return { response: found, result: 'hit' }
      case 'stale-while-revalidate':
        this.#refreshBehind(key, found)
        return { response: found, result: 'stale' }
      case 'stale-if-error':
        return this.#refreshFirst(key, found)
    }
    return this.#forward(key, undefined)
  }

  /** Counts a stored response anew after its body has grown; false when it grew too large. */
  recount(key: string, response: StoredResponse<Body>): boolean {
    return this.#options.store.recount(key, response)
  }

  /** Whether some lookup could be answered without the origin. */
  hasUsable(): boolean {
    return this.#options.store.hasUsable(this.#options.clock.now())
  }

  /** Ends the timer that drops what is gone. */
  close(): void {
    this.#cancelSweep()
  }

  async #forward(key: string, previous: StoredResponse<Body> | undefined): Promise<Lookup<Body>> {
    const response = await this.#inTime(this.#produce(key, previous))
    return { response, result: previous === undefined ? 'miss' : 'revalidated' }
  }

  async #refreshFirst(key: string, found: StoredResponse<Body>): Promise<Lookup<Body>> {
    try {
      return await this.#forward(key, found)
    } catch (error) {
      this.#logFailedRefresh(key, error)
      return { response: found, result: 'stale-if-error' }
    }
  }

  #refreshBehind(key: string, found: StoredResponse<Body>): void {
    if (this.#inFlight.has(key)) return
    this.#produce(key, found).catch(error => this.#logFailedRefresh(key, error))
  }

  #logFailedRefresh(key: string, error: unknown): void {
    const problem = asProblem(error)
    const level = problem.type === this.#failingWith ? 'debug' : 'warn'
    this.#failingWith = problem.type
    this.#options.log[level](
      { err: problem, user_id: key },
      'refresh failed, the stale answer stands',
    )
  }

  #produce(key: string, previous: StoredResponse<Body> | undefined): Promise<StoredResponse<Body>> {
    let production = this.#inFlight.get(key)
    if (production === undefined) {
      production = this.#produceAndStore(key, previous).finally(() => this.#inFlight.delete(key))
      this.#inFlight.set(key, production)
    }
    return production
  }

  async #produceAndStore(
    key: string,
    previous: StoredResponse<Body> | undefined,
  ): Promise<StoredResponse<Body>> {
    const { produce, store, clock, lookupTimeoutMs, log } = this.#options
    const deadlineMs = clock.monotonic() + lookupTimeoutMs
    const { body, lifetime } = await produce(key, previous?.body, deadlineMs)
    this.#failingWith = undefined
    const response = stored(body, clock.now(), lifetime)
    if (!store.set(key, response)) {
      log.warn({ user_id: key, bytes: body.heldBytes }, 'larger than the whole cache, not stored')
    }
    return response
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

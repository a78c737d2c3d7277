import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import { Problem, withRetryAt } from '../problems/problem.ts'
import { lookupsPaused } from '../spotify/gate/diagnosis.ts'
import { DENIED_PAUSE_MS } from '../spotify/gate/gate-outcome.ts'
import { AppTokenDenial } from '../spotify/gate/linked-denials.ts'
import type { SpotifyClient } from '../spotify/web-api.ts'

const MAX_PAUSE_MS = 6 * 3_600_000
/** Retry-After for lookups that fail while a probe is in flight. */
const PROBE_MS = 1000

/**
 * Whether Spotify accepts the app token, so the service can read users without a link. Instants are on the
 * monotonic clock.
 * - `open`: Spotify accepts the token, as far as the service knows.
 * - `unverified`: not known. The service sends one request at a time, and other requests wait for the result.
 * - `closed`: Spotify denied two users in a row. After `untilMs` the next request is a probe.
 */
type State =
  | { readonly name: 'open' }
  | { readonly name: 'unverified'; readonly denied: string | undefined }
  | {
      readonly name: 'closed'
      readonly cause: Problem
      readonly untilMs: number
      readonly pauseMs: number
    }

export interface AppTokenAccessOptions {
  clock: Clock
  log: Log
  /** Whether any account is linked. Linked accounts need the quota more than probes do. */
  hasLinks: () => boolean
}

/**
 * Holds back app token requests while Spotify denies that token, as it does for apps in Development Mode.
 * Requests with linked users' tokens pass.
 */
export class AppTokenAccess {
  readonly #options: AppTokenAccessOptions
  #state: State = { name: 'unverified', denied: undefined }
  /** Resolves when the request checking the token ends. */
  #probe: Promise<void> | undefined

  constructor(options: AppTokenAccessOptions) {
    this.#options = options
  }

  /** Wraps a client that sends the app token. */
  guard(client: SpotifyClient): SpotifyClient {
    return {
      page: (path, offset, options) =>
        this.#run(path, options.signal, () => client.page(path, offset, options)),
    }
  }

  async #run<T>(path: string, signal: AbortSignal, send: () => Promise<T>): Promise<T> {
    while (this.#state.name === 'unverified' && this.#probe !== undefined) {
      await untilAborted(this.#probe, signal)
    }
    if (this.#state.name === 'open') return this.#send(path, signal, send)
    if (this.#state.name === 'closed') this.#refuseUnlessDue(this.#state)
    const sent = this.#send(path, signal, send)
    this.#probe = Promise.allSettled([sent]).then(() => {
      this.#probe = undefined
    })
    return sent
  }

  #refuseUnlessDue({ cause, untilMs }: Extract<State, { name: 'closed' }>): void {
    const { clock } = this.#options
    const leftMs = untilMs - clock.monotonic()
    if (leftMs <= 0 && this.#probe === undefined) return
    throw lookupsPaused(cause, clock.now() + Math.max(leftMs, PROBE_MS))
  }

  async #send<T>(path: string, signal: AbortSignal, send: () => Promise<T>): Promise<T> {
    try {
      const result = await send()
      this.#change({ name: 'open' })
      return result
    } catch (error) {
      if (error instanceof AppTokenDenial) throw this.#denied(path, error)
      const saysNothing = signal.aborted || this.#state.name === 'closed'
      const isUnknownUser = error instanceof Problem && error.type === 'user-not-found'
      if (isUnknownUser || !saysNothing) this.#change({ name: 'open' })
      throw error
    }
  }

  /** The denial, with the earliest instant when a retry might succeed. */
  #denied(path: string, denial: AppTokenDenial): Problem {
    const { clock, hasLinks } = this.#options
    const nowMs = clock.monotonic()
    const before = this.#state
    let pauseMs = DENIED_PAUSE_MS
    if (before.name === 'closed') {
      // A request sent before the pause can be denied during the pause.
      if (nowMs < before.untilMs) return withRetryAt(denial, this.#wall(before.untilMs), true)
      if (hasLinks()) pauseMs = Math.min(2 * before.pauseMs, MAX_PAUSE_MS)
    }
    const isFirst =
      before.name === 'open' || (before.name === 'unverified' && (before.denied ?? path) === path)
    this.#change(
      isFirst
        ? { name: 'unverified', denied: path }
        : { name: 'closed', cause: denial, untilMs: nowMs + pauseMs, pauseMs },
    )
    return withRetryAt(denial, this.#wall(nowMs + pauseMs), true)
  }

  #wall(monotonicMs: number): number {
    const { clock } = this.#options
    return clock.now() + (monotonicMs - clock.monotonic())
  }

  #change(next: State): void {
    const { name } = this.#state
    this.#state = next
    const { log } = this.#options
    if (name !== 'closed' && next.name === 'closed') {
      log.warn(
        { diagnosis: next.cause.causeName },
        'Spotify denies the app token; only linked accounts can be read',
      )
    }
    if (name === 'closed' && next.name === 'open') log.info('Spotify accepts the app token again')
  }
}

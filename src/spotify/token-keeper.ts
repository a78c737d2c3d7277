import { backOffMs, type Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { asProblem, Problem } from '../problems/problem.ts'
import { diagnosisOf } from './gate/diagnosis.ts'
import { observed, type RequestObserver } from './request-observer.ts'
import { readToken, renewalDelayMs } from './token-policy.ts'
import type { Transport } from './transport.ts'

/** A 401 for a token that has just replaced another is not about the token. */
const MIN_REPLACEMENT_INTERVAL_MS = 60_000
/** Only a person can fix wrong credentials, so faster retries do not help. */
const REJECTED_BACK_OFF_MS = 60_000

export interface TokenKeeperOptions {
  transport: Transport
  /** The token endpoint path on the transport's origin. */
  path: string
  clientId: string
  clientSecret: string
  clock: Clock
  /** A number from 0 (included) to 1 (excluded); spreads renewals across replicas. */
  random: () => number
  log: Log
  observe: RequestObserver
}

interface Token {
  value: string
  /** When the token expires, on the monotonic clock. */
  expiresAtMs: number
}

/** The app token state. */
export interface TokenStatus {
  state: 'valid' | 'renewing' | 'missing' | 'rejected'
  /** Epoch milliseconds; undefined unless the state is `valid`. */
  expiresAt: number | undefined
  /** Why the last renewal failed; undefined if it succeeded. */
  failure: Problem | undefined
}

/**
 * Keeps the app token from the client credentials flow: one token, at most one renewal in flight, and one timer
 * to renew the token in the background well before it expires.
 * https://developer.spotify.com/documentation/web-api/tutorials/client-credentials-flow
 */
export class TokenKeeper {
  readonly #options: TokenKeeperOptions
  readonly #authorization: string
  readonly #stop = new AbortController()
  #token: Token | undefined
  #renewal: Promise<string> | undefined
  #failure: { problem: Problem; retryAtMs: number } | undefined
  #failuresInRow = 0
  #replacedAtMs = Number.NEGATIVE_INFINITY
  #cancelTimer = () => {}

  constructor(options: TokenKeeperOptions) {
    this.#options = options
    const credentials = `${options.clientId}:${options.clientSecret}`
    this.#authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  }

  /** Fetches the first token in the background. Logs a failure, remembers it and retries later. */
  start(): void {
    // #request logs and remembers the failure; nobody awaits this promise.
    this.#renew().catch(() => {})
  }

  /** Cancels the timer and the renewal in flight; pending and later calls fail with `shutting-down`. */
  stop(): void {
    this.#cancelTimer()
    this.#token = undefined
    this.#stop.abort(new Problem('shutting-down', 'The service stopped before a token arrived.'))
  }

  /**
   * Returns an unexpired token, if necessary from the renewal in flight. Fails at once during the back-off
   * after a failed renewal. Calls `onRequest` if this call starts a renewal.
   *
   * @throws {Problem} why there is no token, with the instant of the next attempt.
   */
  async token(onRequest?: () => void): Promise<string> {
    const nowMs = this.#options.clock.monotonic()
    if (this.#token !== undefined && nowMs < this.#token.expiresAtMs) return this.#token.value
    if (this.#renewal !== undefined) return this.#renewal
    if (this.#failure !== undefined && nowMs < this.#failure.retryAtMs) throw this.#failure.problem
    onRequest?.()
    return this.#renew()
  }

  /**
   * Returns a replacement for a token after a 401 from the Web API. Compares tokens, so all requests with the
   * same token share one renewal, even if their 401 arrives after the renewal. Returns `rejected` itself if
   * that token replaced another less than a minute ago.
   *
   * @throws {Problem} as `token()`.
   */
  async replace(rejected: string, onRequest?: () => void): Promise<string> {
    const nowMs = this.#options.clock.monotonic()
    const isEarly = nowMs - this.#replacedAtMs < MIN_REPLACEMENT_INTERVAL_MS
    if (this.#token?.value === rejected && !isEarly) {
      this.#token = undefined
      this.#replacedAtMs = nowMs
    }
    return this.token(onRequest)
  }

  /** Why there is no valid token; undefined while there is a valid token. */
  get problem(): Problem | undefined {
    if (this.status.state === 'valid') return undefined
    const detail = 'The app token has not arrived yet.'
    return this.#failure?.problem ?? new Problem('spotify-unavailable', detail)
  }

  get status(): TokenStatus {
    const { clock } = this.#options
    const failure = this.#failure?.problem
    const leftMs = Number(this.#token?.expiresAtMs) - clock.monotonic()
    if (leftMs > 0) return { state: 'valid', expiresAt: clock.now() + leftMs, failure }
    const isRejected = failure?.type === 'spotify-credentials-rejected'
    const without = this.#renewal === undefined ? 'missing' : 'renewing'
    return { state: isRejected ? 'rejected' : without, expiresAt: undefined, failure }
  }

  #renew(): Promise<string> {
    this.#renewal ??= this.#request().finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  async #request(): Promise<string> {
    this.#cancelTimer()
    const { transport, path, clock, log, random } = this.#options
    const sentAtMs = clock.monotonic()
    try {
      const { value, lifetimeMs } = await observed(
        this.#options,
        'client_credentials',
        this.#stop.signal,
        async () => {
          const headers = {
            accept: 'application/json',
            'accept-encoding': 'gzip',
            authorization: this.#authorization,
            'content-type': 'application/x-www-form-urlencoded',
          }
          const body = 'grant_type=client_credentials'
          const request = { method: 'POST', path, headers, body } as const
          return readToken(await transport.send(request, this.#stop.signal), clock.now())
        },
      )
      this.#token = { value, expiresAtMs: sentAtMs + lifetimeMs }
      if (this.#failure !== undefined) log.info('app token renewed after failures')
      this.#failure = undefined
      this.#failuresInRow = 0
      this.#renewAfter(renewalDelayMs(lifetimeMs, random()))
      return value
    } catch (error) {
      throw this.#stop.signal.aborted ? error : this.#remember(asProblem(error))
    }
  }

  /** Backs off after a failed renewal; returns the problem with the instant of the next attempt. */
  #remember(failed: Problem): Problem {
    const { clock, log } = this.#options
    const delayMs = this.#backOffMs(failed)
    const problem = new Problem(failed.type, failed.message, {
      cause: failed.cause,
      retryAt: clock.now() + delayMs,
    })
    if (this.#failure?.problem.type !== problem.type) {
      const level = problem.type === 'spotify-credentials-rejected' ? 'error' : 'warn'
      const { name: diagnosis, remedy } = diagnosisOf(problem)
      log[level]({ diagnosis, remedy, err: problem }, 'app token renewal failed')
    }
    this.#failure = { problem, retryAtMs: clock.monotonic() + delayMs }
    this.#renewAfter(delayMs)
    return problem
  }

  #renewAfter(delayMs: number): void {
    this.#cancelTimer = this.#options.clock.schedule(delayMs, () => this.start())
  }

  /** How long to wait after a failed renewal: at least as long as the token endpoint asked for. */
  #backOffMs(failed: Problem): number {
    const jitter = this.#options.random()
    const namedMs = failed.retryAt === undefined ? 0 : failed.retryAt - this.#options.clock.now()
    const isRejected = failed.type === 'spotify-credentials-rejected'
    const ownMs = isRejected
      ? REJECTED_BACK_OFF_MS * (1 + 0.1 * jitter)
      : backOffMs(++this.#failuresInRow) * (0.5 + 0.5 * jitter)
    return Math.max(ownMs, namedMs)
  }
}

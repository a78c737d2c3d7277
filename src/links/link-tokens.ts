import { backOffMs, type Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { asProblem, type Problem, withRetryAt } from '../problems/problem.ts'
import { type Link, liveRecord } from './link.ts'
import { linkChanged, stateProblem } from './link-problems.ts'
import type { LinkEvent } from './link-state.ts'
import type { Links } from './links.ts'
import type { OAuthClient } from './oauth-client.ts'
import type { Grant } from './token-request.ts'

/** A token is renewed this long before expiry, or half the lifetime before, whichever is shorter. */
const MARGIN_MS = 60_000
/** A 401 for a token that has just replaced another is not about the token. */
const MIN_REPLACEMENT_INTERVAL_MS = 60_000
/** A token with this scope could read private playlists. */
const TOO_WIDE = /(?:^|\s)playlist-read-/

export interface LinkTokensOptions {
  links: Links
  oauth: Pick<OAuthClient, 'refresh'>
  clock: Clock
  /** A number from 0 (included) to 1 (excluded). */
  random: () => number
  log: Log
}

/** Whether a granted scope allows reading more than public data. */
export function isTooWide(scope: string): boolean {
  return TOO_WIDE.test(scope)
}

interface AccessToken {
  readonly value: string
  /** On the monotonic clock. From this instant on, the service renews the token instead of using it. */
  readonly renewAtMs: number
}

/**
 * A link's access token, in memory only: renewed on demand, by one request at a time. A new refresh token is
 * written to the file before the access token issued with it is used.
 * https://developer.spotify.com/documentation/web-api/tutorials/refreshing-tokens
 */
export class LinkTokens {
  readonly #link: Link
  readonly #options: LinkTokensOptions
  #token: AccessToken | undefined
  #renewal: Promise<string> | undefined
  #failure: { problem: Problem; retryAtMs: number } | undefined
  #failuresInRow = 0
  #replacedAtMs = Number.NEGATIVE_INFINITY

  constructor(link: Link, options: LinkTokensOptions) {
    this.#link = link
    this.#options = options
  }

  /** Keeps the access token from a consent or a renewal. */
  accept({ accessToken, lifetimeMs }: Grant): void {
    const marginMs = Math.min(MARGIN_MS, lifetimeMs / 2)
    const renewAtMs = this.#options.clock.monotonic() + lifetimeMs - marginMs
    this.#token = { value: accessToken, renewAtMs }
  }

  /** The renewal in progress; undefined if there is none. */
  get renewal(): Promise<string> | undefined {
    return this.#renewal
  }

  /**
   * Returns a token that will not expire soon. Calls `onRequest` if this call starts a renewal.
   *
   * @throws {Problem} why there is no token, with the instant of the next attempt.
   */
  async token(onRequest?: () => void): Promise<string> {
    this.#refuseIfRemoved()
    const nowMs = this.#options.clock.monotonic()
    if (this.#token !== undefined && nowMs < this.#token.renewAtMs) return this.#token.value
    if (this.#renewal !== undefined) return this.#renewal
    if (this.#failure !== undefined && nowMs < this.#failure.retryAtMs) throw this.#failure.problem
    const { state } = this.#link
    if (state.name === 'doubtful' && nowMs < state.retryAtMs) throw this.#problem()
    this.#renewal = this.#renew(onRequest).finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  /**
   * Returns a replacement for a token after a 401, or `rejected` itself if that token replaced another less
   * than a minute ago.
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

  async #renew(onRequest?: () => void): Promise<string> {
    const { links, log } = this.#options
    const grant = await this.#grant(onRequest).catch((error: unknown) => {
      this.#refuseIfRemoved()
      throw this.#remember(asProblem(error))
    })
    this.#refuseIfRemoved()
    this.#failure = undefined
    this.#failuresInRow = 0
    if (grant === undefined) return this.#fail({ kind: 'invalid-grant' })
    if (isTooWide(grant.scope)) return this.#fail({ kind: 'denied', reason: 'scope-too-wide' })
    await links.report(this.#link, { kind: 'renewed' })
    this.accept(grant)
    log.info({ user_id: this.#link.userId }, 'renewed the token of a linked account')
    return grant.accessToken
  }

  /** Resolves once a new refresh token is in the file; with undefined if Spotify answers `invalid_grant`. */
  async #grant(onRequest?: () => void): Promise<Grant | undefined> {
    const { links, oauth } = this.#options
    // If Spotify replaced the refresh token, an unwritable file would lose the new token.
    await links.save()
    const record = liveRecord(this.#link)
    if (record === undefined || !links.has(this.#link)) throw this.#problem()
    onRequest?.()
    const grant = await oauth.refresh(record.refreshToken)
    if (grant?.refreshToken !== undefined) await links.replaceToken(this.#link, grant.refreshToken)
    return grant
  }

  async #fail(event: LinkEvent): Promise<never> {
    await this.#options.links.report(this.#link, event)
    throw this.#problem()
  }

  #refuseIfRemoved(): void {
    if (!this.#options.links.has(this.#link)) throw linkChanged()
  }

  #problem(): Problem {
    return stateProblem(this.#link.state, this.#options.clock)
  }

  /** Backs off after a failed renewal. Returns the problem with the instant of the next attempt. */
  #remember(failed: Problem): Problem {
    const { clock, log, random } = this.#options
    const namedMs = (failed.retryAt ?? 0) - clock.now()
    const ownMs = backOffMs(++this.#failuresInRow) * (0.5 + 0.5 * random())
    const delayMs = Math.max(ownMs, namedMs)
    const problem = withRetryAt(failed, clock.now() + delayMs, true)
    if (this.#failuresInRow === 1) {
      log.warn(
        { user_id: this.#link.userId, err: problem },
        'cannot renew the token of a linked account',
      )
    }
    this.#failure = { problem, retryAtMs: clock.monotonic() + delayMs }
    return problem
  }
}

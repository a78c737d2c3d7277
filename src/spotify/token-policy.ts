import { Problem } from '../problems/problem.ts'
import { isTemporary, parseRetryAfter, rateLimitedUntil } from './retry-after.ts'
import type { SpotifyResponse } from './transport.ts'

/**
 * The token lifetime if the response has no `expires_in` (RFC 6749 5.1). If the token expires sooner, the
 * service renews it after a 401.
 */
const UNSTATED_LIFETIME_SECONDS = 300
const MAX_LIFETIME_SECONDS = 86_400
const MIN_MARGIN_MS = 60_000
/** The characters allowed in a header field. */
const TOKEN_SYNTAX = /^[\x21-\x7e]+$/

export interface IssuedToken {
  value: string
  lifetimeMs: number
}

/**
 * Reads the token in a token endpoint response received at `now` (epoch ms).
 *
 * @throws {Problem} the problem shown by the response, if it has no token.
 */
export function readToken(response: SpotifyResponse, now: number): IssuedToken {
  const { status } = response
  const body = parseObject(response.body)
  if (status === 200) return tokenIn(body)
  const field = response.headers['retry-after']
  const retryAt = parseRetryAfter(field, now)
  // Spotify sends 400 where RFC 6749 5.2 has 401.
  if ((status === 400 && body.error === 'invalid_client') || status === 401) {
    throw new Problem(
      'spotify-credentials-rejected',
      'Spotify does not accept SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET. The operator must check both in the Spotify developer dashboard.',
      { retryAt },
    )
  }
  if (status === 429) {
    throw new Problem('spotify-unavailable', 'Spotify rate limits requests for tokens.', {
      retryAt: rateLimitedUntil(field, now),
      originStatus: status,
    })
  }
  if (isTemporary(status)) {
    const detail = `The token endpoint responded with status ${status}.`
    throw new Problem('spotify-unavailable', detail, { retryAt })
  }
  throw badToken(`its status is ${status}`, retryAt)
}

/**
 * How long after its request a token is renewed. Renewal comes a fifth of the lifetime before expiry, but at
 * least a minute and at most half the lifetime before. `jitter`, from 0 (included) to 1 (excluded), spreads
 * replicas.
 */
export function renewalDelayMs(lifetimeMs: number, jitter: number): number {
  const marginMs = Math.max(MIN_MARGIN_MS, lifetimeMs / 5)
  return lifetimeMs - Math.min(marginMs * (1 + 0.1 * jitter), lifetimeMs / 2)
}

function tokenIn(body: Record<string, unknown>): IssuedToken {
  const { access_token: value, token_type: type = 'Bearer', expires_in: stated } = body
  if (typeof value !== 'string' || !TOKEN_SYNTAX.test(value)) throw badToken('it has no token')
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw badToken('it has no bearer token')
  const seconds = stated === undefined ? UNSTATED_LIFETIME_SECONDS : secondsIn(stated)
  if (!(seconds >= 1)) throw badToken('the token has no lifetime')
  return { value, lifetimeMs: Math.min(seconds, MAX_LIFETIME_SECONDS) * 1000 }
}

/** The stated lifetime as a number. Some servers send a string. */
function secondsIn(stated: unknown): number {
  return typeof stated === 'number' || typeof stated === 'string' ? Number(stated) : Number.NaN
}

/**
 * Parses the JSON object in a body; returns an empty object for text or HTML, sent by Spotify during outages.
 */
function parseObject(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function badToken(reason: string, retryAt?: number): Problem {
  const detail = `The response of the token endpoint is unusable: ${reason}.`
  return new Problem('spotify-bad-response', detail, { retryAt })
}

import { Problem } from '../problems/problem.ts'
import { instantNamed, isTemporary, retryAfterInstant } from './retry-after.ts'
import type { SpotifyResponse } from './transport.ts'

/** For an answer without `expires_in`, which RFC 6749 5.1 allows: cautious, a 401 cures the rest. */
const UNSTATED_LIFETIME_SECONDS = 300
const MAX_LIFETIME_SECONDS = 86_400
const MIN_MARGIN_MS = 60_000
/** Every character that can stand in a header field, so that a token cannot break one. */
const TOKEN_SYNTAX = /^[\x21-\x7e]+$/

export interface IssuedToken {
  value: string
  lifetimeMs: number
}

/**
 * The token in an answer of the token endpoint that arrived at `now` (epoch ms).
 *
 * @throws {Problem} what the answer means when it holds none.
 */
export function readToken(response: SpotifyResponse, now: number): IssuedToken {
  const { status } = response
  const answer = parseObject(response.body)
  if (status === 200) return tokenIn(answer)
  const field = response.headers['retry-after']
  const retryAt = instantNamed(field, now)
  // Spotify answers 400 where RFC 6749 5.2 has 401; both mean the same.
  if ((status === 400 && answer.error === 'invalid_client') || status === 401) {
    throw new Problem(
      'spotify-credentials-rejected',
      'Spotify does not accept SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET. The operator must check both in the Spotify developer dashboard.',
      { retryAt },
    )
  }
  if (status === 429) {
    throw new Problem('spotify-unavailable', 'Spotify refuses new app tokens for now.', {
      retryAt: retryAfterInstant(field, now),
      originStatus: status,
    })
  }
  if (isTemporary(status)) {
    const detail = `The token endpoint answered with status ${status}.`
    throw new Problem('spotify-unavailable', detail, { retryAt })
  }
  throw badToken(`the status was ${status}`, retryAt)
}

/**
 * When, after it was asked for, a token is renewed: a fifth of its lifetime early, at least a
 * minute, at most half of it, and never in step. `jitter` is from 0 (included) to 1 (excluded).
 */
export function renewalDelayMs(lifetimeMs: number, jitter: number): number {
  const marginMs = Math.max(MIN_MARGIN_MS, lifetimeMs / 5)
  return lifetimeMs - Math.min(marginMs * (1 + 0.1 * jitter), lifetimeMs / 2)
}

function tokenIn(answer: Record<string, unknown>): IssuedToken {
  const { access_token: value, token_type: type = 'Bearer', expires_in: stated } = answer
  if (typeof value !== 'string' || !TOKEN_SYNTAX.test(value)) throw badToken('it held no token')
  if (typeof type !== 'string' || type.toLowerCase() !== 'bearer')
    throw badToken('it held no bearer token')
  const seconds = stated === undefined ? UNSTATED_LIFETIME_SECONDS : secondsIn(stated)
  if (!(seconds >= 1)) throw badToken('the token had no lifetime')
  return { value, lifetimeMs: Math.min(seconds, MAX_LIFETIME_SECONDS) * 1000 }
}

/** A number, also one in quotes, which lenient servers send. */
function secondsIn(stated: unknown): number {
  return typeof stated === 'number' || typeof stated === 'string' ? Number(stated) : Number.NaN
}

/** Outages answer with text or HTML, which holds no members to read. */
function parseObject(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function badToken(reason: string, retryAt?: number): Problem {
  const detail = `The token endpoint sent an unusable answer: ${reason}.`
  return new Problem('spotify-bad-response', detail, { retryAt })
}

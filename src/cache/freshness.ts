import type { RequestDirectives } from './request-directives.ts'

/** How long a response can be used, in seconds; the stale lifetimes count from the end of freshness. */
export interface Lifetime {
  freshSeconds: number
  staleWhileRevalidateSeconds: number
  staleIfErrorSeconds: number
}

/**
 * A stored response and the instants (epoch ms) that decide how it is used. The instants are fixed when
 * it is stored, so all replicas decide alike.
 */
export interface StoredResponse<Body> {
  readonly body: Body
  /** When the origin sent the response; the age (RFC 9111 4.2.3) counts from this instant. */
  readonly generatedAt: number
  readonly freshUntil: number
  readonly staleWhileRevalidateUntil: number
  readonly staleIfErrorUntil: number
}

/**
 * How a stored response can be used:
 * - `fresh`: serve it (RFC 9111 4.2),
 * - `stale-while-revalidate`: serve it and revalidate it in the background (RFC 5861 3),
 * - `stale-if-error`: revalidate it first, serve it if that fails (RFC 5861 4),
 * - `gone`: never serve it again.
 */
export type Freshness = 'fresh' | 'stale-while-revalidate' | 'stale-if-error' | 'gone'

/** Returns how the response can be used at `now` (epoch ms). Each use ends just before its `…Until` instant. */
export function freshness(stored: StoredResponse<unknown>, now: number): Freshness {
  if (now < stored.freshUntil) return 'fresh'
  if (now < stored.staleWhileRevalidateUntil) return 'stale-while-revalidate'
  if (now < stored.staleIfErrorUntil) return 'stale-if-error'
  return 'gone'
}

/** Returns the stored form for a response that the origin sent at `generatedAt` (epoch ms). */
export function stored<Body>(
  body: Body,
  generatedAt: number,
  lifetime: Lifetime,
): StoredResponse<Body> {
  const freshUntil = generatedAt + lifetime.freshSeconds * 1000
  return {
    body,
    generatedAt,
    freshUntil,
    staleWhileRevalidateUntil: freshUntil + lifetime.staleWhileRevalidateSeconds * 1000,
    staleIfErrorUntil: freshUntil + lifetime.staleIfErrorSeconds * 1000,
  }
}

/**
 * Why a lookup goes to the origin (RFC 9211 2.2): no usable response is stored, the stored response is
 * stale, or the caller wants a newer one.
 */
export type ForwardReason = 'uri-miss' | 'stale' | 'request'

/**
 * How to handle a lookup:
 * - `reuse`: serve the stored response,
 * - `revalidate-in-background`: serve the stored response and revalidate it in the background,
 * - `forward`: fetch from the origin; if that fails, serve the stored response unless it is gone,
 * - `not-stored`: fail, since the caller forbids a fetch.
 */
export type Decision =
  | { readonly use: 'reuse' | 'revalidate-in-background' | 'not-stored' }
  | { readonly use: 'forward'; readonly reason: ForwardReason }

const REUSE: Decision = { use: 'reuse' }
const REVALIDATE_IN_BACKGROUND: Decision = { use: 'revalidate-in-background' }
const NOT_STORED: Decision = { use: 'not-stored' }
const MISS: Decision = { use: 'forward', reason: 'uri-miss' }
const STALE: Decision = { use: 'forward', reason: 'stale' }
const REQUESTED: Decision = { use: 'forward', reason: 'request' }

/**
 * Decides how to use a stored response at `now` (epoch ms), given the caller's directives (RFC 9111 4 and
 * 5.2.1). Directives cannot force a fetch while the response is younger than `minRefreshMs`, so no single
 * caller can overload the origin.
 */
export function decide(
  stored: StoredResponse<unknown> | undefined,
  now: number,
  directives: RequestDirectives,
  minRefreshMs: number,
): Decision {
  const state = stored === undefined ? 'gone' : freshness(stored, now)
  if (stored === undefined || state === 'gone') return directives.onlyIfCached ? NOT_STORED : MISS

  const ageMs = now - stored.generatedAt
  if (wantsNewer(ageMs, directives) && ageMs >= minRefreshMs) {
    return directives.onlyIfCached ? NOT_STORED : REQUESTED
  }
  if (state === 'fresh') return REUSE
  const mayBeStale = acceptsStale(now - stored.freshUntil, directives)
  if (mayBeStale ?? state === 'stale-while-revalidate') {
    return directives.onlyIfCached ? REUSE : REVALIDATE_IN_BACKGROUND
  }
  return directives.onlyIfCached ? NOT_STORED : STALE
}

function wantsNewer(ageMs: number, { noCache, maxAge }: RequestDirectives): boolean {
  return noCache || (maxAge !== undefined && ageMs > maxAge * 1000)
}

/**
 * Whether the caller accepts a response that has been stale for `stalenessMs`. Undefined without a
 * directive about staleness; `max-age` alone excludes stale responses.
 */
function acceptsStale(
  stalenessMs: number,
  { maxAge, maxStale }: RequestDirectives,
): boolean | undefined {
  if (maxStale !== undefined) return stalenessMs <= maxStale * 1000
  return maxAge === undefined ? undefined : false
}

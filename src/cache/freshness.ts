import type { RequestDirectives } from './request-directives.ts'

/** How long a response may be used, in seconds; the last two are counted from the end of freshness. */
export interface Lifetime {
  freshSeconds: number
  staleWhileRevalidateSeconds: number
  staleIfErrorSeconds: number
}

/**
 * A stored response: what it holds and the instants (epoch ms) that decide its use, fixed when it
 * was stored so that every reader, whenever and wherever, comes to the same decision.
 */
export interface StoredResponse<Body> {
  readonly body: Body
  /** When the origin gave it; its age (RFC 9111 4.2.3) counts from here. */
  readonly generatedAt: number
  readonly freshUntil: number
  readonly staleWhileRevalidateUntil: number
  readonly staleIfErrorUntil: number
}

/**
 * What may be done with a stored response:
 * - `fresh`: serve it (RFC 9111 4.2),
 * - `stale-while-revalidate`: serve it, refresh it behind the answer (RFC 5861 3),
 * - `stale-if-error`: refresh it first, serve it when that fails (RFC 5861 4),
 * - `gone`: it must not be served any more.
 */
export type Freshness = 'fresh' | 'stale-while-revalidate' | 'stale-if-error' | 'gone'

/** Decides by the instants alone; an instant is the first at which the use is over. */
export function freshness(stored: StoredResponse<unknown>, now: number): Freshness {
  if (now < stored.freshUntil) return 'fresh'
  if (now < stored.staleWhileRevalidateUntil) return 'stale-while-revalidate'
  if (now < stored.staleIfErrorUntil) return 'stale-if-error'
  return 'gone'
}

/** A response as it is stored at `generatedAt` (epoch ms). */
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

/** Why the origin is asked (RFC 9211 2.2): nothing usable is stored, it is stale, or the caller wants it. */
export type ForwardReason = 'uri-miss' | 'stale' | 'request'

/**
 * How a lookup is to be answered:
 * - `reuse`: from the store, as it is,
 * - `revalidate-behind`: from the store, which is refreshed behind the answer,
 * - `forward`: by the origin; when that fails, a stored response stands in unless it is gone,
 * - `not-stored`: not at all, since the origin must not be asked.
 */
export type Decision =
  | { readonly use: 'reuse' | 'revalidate-behind' | 'not-stored' }
  | { readonly use: 'forward'; readonly reason: ForwardReason }

const REUSE: Decision = { use: 'reuse' }
const REVALIDATE_BEHIND: Decision = { use: 'revalidate-behind' }
const NOT_STORED: Decision = { use: 'not-stored' }
const MISS: Decision = { use: 'forward', reason: 'uri-miss' }
const STALE: Decision = { use: 'forward', reason: 'stale' }
const REQUESTED: Decision = { use: 'forward', reason: 'request' }

/**
 * Decides what a stored response is good for at `now` (epoch ms), given what the caller wants
 * (RFC 9111 4 and 5.2.1). A response younger than `minRefreshMs` counts as just asked for: no
 * caller may spend the origin alone by asking for better all the time.
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
  if (wantsBetter(ageMs, directives) && ageMs >= minRefreshMs) {
    return directives.onlyIfCached ? NOT_STORED : REQUESTED
  }
  if (state === 'fresh') return REUSE
  const isWelcome = welcomesStale(now - stored.freshUntil, directives)
  if (isWelcome ?? state === 'stale-while-revalidate') {
    return directives.onlyIfCached ? REUSE : REVALIDATE_BEHIND
  }
  return directives.onlyIfCached ? NOT_STORED : STALE
}

function wantsBetter(ageMs: number, { noCache, maxAge }: RequestDirectives): boolean {
  return noCache || (maxAge !== undefined && ageMs > maxAge * 1000)
}

/** Undefined when the caller says nothing about it; `max-age` alone asks for what is fresh. */
function welcomesStale(
  stalenessMs: number,
  { maxAge, maxStale }: RequestDirectives,
): boolean | undefined {
  if (maxStale !== undefined) return stalenessMs <= maxStale * 1000
  return maxAge === undefined ? undefined : false
}

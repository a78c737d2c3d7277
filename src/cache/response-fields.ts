import type { StoredResponse } from './freshness.ts'
import type { Lookup } from './lookup-result.ts'

/** The name of this cache in `Cache-Status`, a field to which other caches add their own entries. */
const CACHE_NAME = 'playlist-proxy'

/**
 * Returns the `Cache-Status` for a lookup at `now` (epoch ms), RFC 9211. `ttl` is the remaining freshness
 * in seconds, negative for a stale response; `detail` is the problem type.
 */
export function cacheStatus(lookup: Lookup<unknown>, now: number): string {
  const { response, forward, failure } = lookup
  let field = CACHE_NAME
  if (forward !== undefined) {
    field += `; fwd=${forward.reason}`
    if (forward.status !== undefined) field += `; fwd-status=${forward.status}`
    if (forward.stored) field += '; stored'
    if (forward.collapsed) field += '; collapsed'
  } else if (response !== undefined) {
    field += '; hit'
  }
  if (response !== undefined) field += `; ttl=${ttl(response, now)}`
  if (failure !== undefined) field += `; detail=${failure.type}`
  return field
}

/** Returns the `Age` at `now` (epoch ms), in whole seconds (RFC 9111 5.1). */
export function age(response: StoredResponse<unknown>, now: number): number {
  // Not negative, even if the wall clock was set back.
  return Math.max(0, Math.floor((now - response.generatedAt) / 1000))
}

/** Returns the caching fields at `now` (epoch ms), flat: name, value, name, … */
export function cacheFields(
  status: string,
  response: StoredResponse<unknown>,
  now: number,
  scope: CacheScope,
): string[] {
  return [
    'cache-status',
    status,
    'age',
    String(age(response, now)),
    'cache-control',
    cacheControl(response, scope),
  ]
}

/** Returns the remaining freshness at `now` (epoch ms), in whole seconds; negative for a stale response. */
function ttl({ freshUntil }: StoredResponse<unknown>, now: number): number {
  return Math.floor((freshUntil - now) / 1000)
}

/** Who may store a response: any cache on the way, or only the caller's own (RFC 9111 5.2.2). */
export type CacheScope = 'public' | 'private'

/**
 * Returns the `Cache-Control` for a response: its whole freshness lifetime, from which caches subtract the
 * `Age` (RFC 9111 4.2.1), and how long it may be used stale (RFC 5861).
 */
export function cacheControl(response: StoredResponse<unknown>, scope: CacheScope): string {
  const { generatedAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil } = response
  let field = `${scope}, max-age=${(freshUntil - generatedAt) / 1000}`
  if (staleWhileRevalidateUntil > freshUntil) {
    field += `, stale-while-revalidate=${(staleWhileRevalidateUntil - freshUntil) / 1000}`
  }
  if (staleIfErrorUntil > freshUntil) {
    field += `, stale-if-error=${(staleIfErrorUntil - freshUntil) / 1000}`
  }
  return field
}

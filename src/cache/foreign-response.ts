import { type Lifetime, type StoredResponse, stored } from './freshness.ts'

/** How far another machine's clock can be ahead of ours. */
export const MAX_AHEAD_MS = 60_000

/** Whether a process with a correct clock can have stored this response by `now` (epoch ms). */
export function isPlausible(response: StoredResponse<unknown>, now: number): boolean {
  const { body, ...instants } = response
  return (
    Object.values(instants).every(Number.isSafeInteger) &&
    instants.generatedAt <= now + MAX_AHEAD_MS
  )
}

/**
 * Limits the lifetimes in another process's plausible response to `longest`, and rounds them down to whole
 * seconds, the unit in `Cache-Control` (RFC 9111 1.2.2).
 */
export function capLifetimes<Body>(
  response: StoredResponse<Body>,
  longest: Lifetime,
): StoredResponse<Body> {
  const { body, generatedAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil } = response
  return stored(body, generatedAt, {
    freshSeconds: capped(freshUntil - generatedAt, longest.freshSeconds),
    staleWhileRevalidateSeconds: capped(
      staleWhileRevalidateUntil - freshUntil,
      longest.staleWhileRevalidateSeconds,
    ),
    staleIfErrorSeconds: capped(staleIfErrorUntil - freshUntil, longest.staleIfErrorSeconds),
  })
}

function capped(lifetimeMs: number, maxSeconds: number): number {
  return Math.min(Math.max(Math.floor(lifetimeMs / 1000), 0), maxSeconds)
}

import { type Lifetime, type StoredResponse, stored } from './freshness.ts'

/** How much the clocks of two machines may differ; what is further ahead is not believed. */
export const MAX_AHEAD_MS = 60_000

/** Whether a process whose clock is right can have stored this response by `now` (epoch ms). */
export function isPlausible(response: StoredResponse<unknown>, now: number): boolean {
  const { body, ...instants } = response
  return (
    Object.values(instants).every(Number.isSafeInteger) &&
    instants.generatedAt <= now + MAX_AHEAD_MS
  )
}

/**
 * A plausible response of another process, none of its lifetimes longer than those of `longest`. They
 * become whole seconds, the unit of `Cache-Control` (RFC 9111 1.2.2).
 */
export function shortened<Body>(
  response: StoredResponse<Body>,
  longest: Lifetime,
): StoredResponse<Body> {
  const { body, generatedAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil } = response
  return stored(body, generatedAt, {
    freshSeconds: shorter(freshUntil - generatedAt, longest.freshSeconds),
    staleWhileRevalidateSeconds: shorter(
      staleWhileRevalidateUntil - freshUntil,
      longest.staleWhileRevalidateSeconds,
    ),
    staleIfErrorSeconds: shorter(staleIfErrorUntil - freshUntil, longest.staleIfErrorSeconds),
  })
}

function shorter(lifetimeMs: number, longestSeconds: number): number {
  return Math.min(Math.max(Math.floor(lifetimeMs / 1000), 0), longestSeconds)
}

import { httpDate } from '../lib/http-date.ts'

const DEFAULT_MS = 30_000
const MAX_MS = 24 * 3_600_000

/** Between the members of a field that was sent more than once, but not behind the day of a date. */
const COMMA = /(?<!day|Mon|Tue|Wed|Thu|Fri|Sat|Sun),/

/**
 * The instant (epoch ms) that a `Retry-After` field (RFC 9110 10.2.3) names, seen from `now` (epoch
 * ms); undefined when it names no time ahead: absent, zero, past, fractional, malformed. When it came
 * more than once, the latest counts. More than a day counts as a day.
 */
export function instantNamed(
  field: string | string[] | undefined,
  now: number,
): number | undefined {
  const delaysMs = String(field)
    .split(COMMA)
    .map(member => delayOf(member.trim(), now))
  const longestMs = Math.min(Math.max(...delaysMs), MAX_MS)
  return longestMs > 0 ? now + longestMs : undefined
}

/** The same after a 429, when none named counts as 30 s: Spotify's rate limit window. */
export function retryAfterInstant(field: string | string[] | undefined, now: number): number {
  return instantNamed(field, now) ?? now + DEFAULT_MS
}

/** Milliseconds; 0 when it names no time. */
function delayOf(member: string, now: number): number {
  if (/^\d+$/.test(member)) return Number(member) * 1000
  return (httpDate(member) ?? now) - now
}

/** Statuses below 500 that say nothing against the request: RFC 9110 15.5.9, 15.5.20, RFC 8470 5.2. */
const TEMPORARY = new Set([408, 421, 425])

/** Whether the same request may well succeed when it is sent again. */
export function isTemporary(status: number): boolean {
  return status >= 500 || TEMPORARY.has(status)
}

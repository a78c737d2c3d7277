import { httpDate } from '../lib/http-date.ts'

const DEFAULT_MS = 30_000
const MAX_MS = 24 * 3_600_000

/** Separates the members of a repeated field; not the comma after the day of a date. */
const COMMA = /(?<!day|Mon|Tue|Wed|Thu|Fri|Sat|Sun),/

/**
 * Parses a `Retry-After` field (RFC 9110 10.2.3) received at `now` (epoch ms). Returns an instant (epoch ms) at
 * most a day ahead; undefined if the field is absent, malformed or not in the future. With several fields, the
 * latest instant counts.
 */
export function parseRetryAfter(
  field: string | string[] | undefined,
  now: number,
): number | undefined {
  const delaysMs = String(field)
    .split(COMMA)
    .map(member => delayOf(member.trim(), now))
  const longestMs = Math.min(Math.max(...delaysMs), MAX_MS)
  return longestMs > 0 ? now + longestMs : undefined
}

/**
 * The instant (epoch ms) in a 429's `Retry-After` field, as read by `parseRetryAfter`, or else 30 s from now,
 * the length of Spotify's rate limit window.
 */
export function rateLimitedUntil(field: string | string[] | undefined, now: number): number {
  return parseRetryAfter(field, now) ?? now + DEFAULT_MS
}

/** The member's delay in milliseconds; 0 if the member is malformed. */
function delayOf(member: string, now: number): number {
  if (/^\d+$/.test(member)) return Number(member) * 1000
  return (httpDate(member) ?? now) - now
}

/** Temporary statuses below 500: RFC 9110 15.5.9, 15.5.20, RFC 8470 5.2. */
const TEMPORARY = new Set([408, 421, 425])

/** Whether retrying the same request is likely to succeed. */
export function isTemporary(status: number): boolean {
  return status >= 500 || TEMPORARY.has(status)
}

const DEFAULT_MS = 30_000
const MAX_MS = 24 * 3_600_000

/** What the three date forms of RFC 9110 5.6.7 have in common; Date.parse takes far more. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun).* \d\d:\d\d:\d\d( |$)/

/**
 * The instant (epoch ms) that a `Retry-After` field (RFC 9110 10.2.3) names, seen from `now`
 * (epoch ms). More than a day counts as a day; what names no time ahead (absent, zero, past,
 * fractional, garbage) counts as 30 s, Spotify's rate limit window.
 */
export function retryAfterInstant(field: string | undefined, now: number): number {
  const delayMs = delayOf(String(field).trim(), now)
  return now + (delayMs > 0 ? Math.min(delayMs, MAX_MS) : DEFAULT_MS)
}

function delayOf(field: string, now: number): number {
  if (/^\d+$/.test(field)) return Number(field) * 1000
  if (!HTTP_DATE.test(field)) return Number.NaN
  // The asctime form names no zone but means UTC, too.
  return Date.parse(field.endsWith('GMT') ? field : `${field} GMT`) - now
}

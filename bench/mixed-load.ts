import { Pool } from 'undici'
import { type MixedRequest, mixedRequest } from './mixed-requests.ts'
import { seeded } from './seeded.ts'

const SEED = 20_261_130
const CONNECTIONS = 64
/** With this many requests in flight, the load skips due requests. */
const MAX_IN_FLIGHT = 256
const TICK_MS = 20
/** Longer than any body. */
const MAX_BODY_BYTES = 2 ** 26
/** Statuses from this service while Spotify works, fails or denies a user. */
const EXPECTED = new Set([200, 404, 429, 502, 503, 504])

/** The responses to the mix. */
export interface MixedStats {
  /** Responses by status. */
  statuses: Record<number, number>
  /** Responses the service must not give, and connections it must not close. */
  odd: string[]
  /** Cache hit durations, in milliseconds. */
  hitsMs: number[]
  /** Requests skipped because too many were in flight. */
  leftOut: number
}

/** Sends `perSecond` mixed requests until the signal aborts, then waits for the last responses. */
export async function sendMixed(
  url: string,
  perSecond: number,
  signal: AbortSignal,
): Promise<MixedStats> {
  const stats: MixedStats = { statuses: {}, odd: [], hitsMs: [], leftOut: 0 }
  const pool = new Pool(url, { connections: CONNECTIONS })
  const random = seeded(SEED)
  const inFlight = new Set<Promise<void>>()
  const startMs = performance.now()
  let due = 0
  const timer = setInterval(() => {
    const until = Math.floor(((performance.now() - startMs) * perSecond) / 1000)
    for (; due < until; due++) {
      if (inFlight.size >= MAX_IN_FLIGHT) {
        stats.leftOut++
        continue
      }
      const sent: Promise<void> = send(pool, mixedRequest(random), stats).finally(() =>
        inFlight.delete(sent),
      )
      inFlight.add(sent)
    }
  }, TICK_MS)
  await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
  clearInterval(timer)
  await Promise.all(inFlight)
  await pool.close()
  return stats
}

async function send(
  pool: Pool,
  { path, headers: fields }: MixedRequest,
  { statuses, odd, hitsMs }: MixedStats,
): Promise<void> {
  const startMs = performance.now()
  try {
    const { statusCode, headers, body } = await pool.request({
      path,
      method: 'GET',
      headers: fields,
    })
    // Fails if the body is shorter or longer than its Content-Length.
    await body.dump({ limit: MAX_BODY_BYTES })
    statuses[statusCode] = (statuses[statusCode] ?? 0) + 1
    if (!EXPECTED.has(statusCode)) odd.push(`${statusCode} ${path}`)
    if (/; hit/.test(String(headers['cache-status']))) hitsMs.push(performance.now() - startMs)
  } catch (error) {
    odd.push(`${error} ${path}`)
  }
}

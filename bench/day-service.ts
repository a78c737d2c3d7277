import { type Answer, apiError, json, status } from '../sandbox/answer.ts'
import { startService } from '../test/support/service.ts'
import type { Bench } from './bench.ts'
import { PAGE, QUOTA, SpotifyOfTheDay } from './day-spotify.ts'
import { type DayResponse, DayStats } from './day-stats.ts'
import type { DayLookup } from './day-world.ts'

/** A lookup still pending after this many ticks must be waiting for the clock, so `ask` advances it. */
const TICKS = 200
const STEP_MS = 100

/** The smallest items the service accepts, since the day measures requests, not bytes. */
const itemsFrom = (user: number, offset: number, count: number) =>
  Array.from({ length: count }, (_, nth) => ({ id: `${user}-${offset + nth}` }))

/** Plays the day against the service in this process, in virtual time. */
export async function playService(bench: Bench, lookups: readonly DayLookup[]) {
  const spotify = new SpotifyOfTheDay()
  const stats = new DayStats()
  const { app, clock, sandbox, get, quiet } = await startService(
    { teardown: bench.defer } as never,
    { SPOTIFY_DAILY_BUDGET: String(QUOTA) },
  )
  await app.ready()
  await sandbox.arrived('token', 1)
  sandbox.fault({ on: 'api', answer: respondAs(spotify, () => clock.monotonic()) })

  const ask = async (user: number) => {
    const response = get(`/users/${user}/playlists`)
    let isDone = false
    response.finally(() => (isDone = true)).catch(() => {})
    for (let tick = 0; !isDone; tick++) await clock.advance(tick < TICKS ? 0 : STEP_MS)
    return response
  }

  for (const lookup of lookups) {
    await clock.advance(Math.max(0, lookup.atMs - clock.monotonic()))
    const response = dayResponse(await ask(lookup.user))
    stats.add(lookup, response)
    // Background revalidations take no virtual time.
    if (response.kind !== 'hit') await quiet()
  }
  return { spotify, stats }
}

function respondAs(spotify: SpotifyOfTheDay, nowMs: () => number): Answer {
  return context => {
    const { userId, offset = 0 } = context.request
    const user = Number(userId)
    const response = spotify.request(user, offset, nowMs())
    if (response.kind === '503') return status(503, 'upstream connect error')(context)
    if (response.kind === '200') {
      const items = itemsFrom(user, offset, response.items)
      const next = offset + PAGE < response.total ? context.origin : null
      const page = { href: context.origin, items, limit: PAGE, next, offset, previous: null }
      return json(200, { ...page, total: response.total })(context)
    }
    const fields = { 'retry-after': String(response.retryAfterSeconds) }
    const reason = response.kind === '429 quota' ? 'QUOTA_EXCEEDED' : undefined
    return apiError(429, 'Too many requests', fields, reason)(context)
  }
}

function dayResponse({
  statusCode,
  headers,
  body,
}: {
  statusCode: number
  headers: Record<string, unknown>
  body: string
}): DayResponse {
  if (statusCode !== 200) return { kind: `failed: ${JSON.parse(body).type.split('/').at(-1)}` }
  const { total } = JSON.parse(body)
  const cacheStatus = String(headers['cache-status'])
  const isStale = /ttl=-/.test(cacheStatus)
  const kind = isStale ? 'stale' : /; hit/.test(cacheStatus) ? 'hit' : 'miss'
  return { kind, total, ageSeconds: Number(headers.age) }
}

import { type Answer, apiError, json, status } from '../sandbox/answer.ts'
import { startService } from '../test/support/service.ts'
import type { Bench } from './bench.ts'
import { PAGE, QUOTA, SpotifyOfTheDay } from './day-spotify.ts'
import { type DayAnswer, DayTally } from './day-tally.ts'
import type { DayLookup } from './day-world.ts'

/** Turns of the event loop after which a lookup is taken to wait for time to pass. */
const TURNS = 200
const STEP_MS = 100

/** Items as small as the service takes them: this is about requests, not about bytes. */
const itemsFrom = (user: number, offset: number, count: number) =>
  Array.from({ length: count }, (_, nth) => ({ id: `${user}-${offset + nth}` }))

/** The service in this process, in front of Spotify of that day, in virtual time. */
export async function playService(bench: Bench, lookups: readonly DayLookup[]) {
  const spotify = new SpotifyOfTheDay()
  const tally = new DayTally()
  const { app, clock, sandbox, get, quiet } = await startService(
    { teardown: (close: () => unknown) => bench.defer(close) } as never,
    { SPOTIFY_DAILY_BUDGET: String(QUOTA) },
  )
  await app.ready()
  await sandbox.arrived('token', 1)
  sandbox.fault({ on: 'api', answer: answerFor(spotify, () => clock.monotonic()) })

  const ask = async (user: number) => {
    const answer = get(`/users/${user}/playlists`)
    let isDone = false
    answer.finally(() => (isDone = true)).catch(() => {})
    for (let turn = 0; !isDone; turn++) await clock.advance(turn < TURNS ? 0 : STEP_MS)
    return answer
  }

  for (const lookup of lookups) {
    await clock.advance(Math.max(0, lookup.atMs - clock.monotonic()))
    const answer = dayAnswer(await ask(lookup.user))
    tally.add(lookup, answer)
    // What is refreshed behind the answer takes no time in this world.
    if (answer.kind !== 'hit') await quiet()
  }
  return { spotify, tally }
}

function answerFor(spotify: SpotifyOfTheDay, nowMs: () => number): Answer {
  return context => {
    const { userId, offset = 0 } = context.request
    const user = Number(userId)
    const answer = spotify.ask(user, offset, nowMs())
    if (answer.kind === '503') return status(503, 'upstream connect error')(context)
    if (answer.kind === '200') {
      const items = itemsFrom(user, offset, answer.items)
      const next = offset + PAGE < answer.total ? context.origin : null
      const page = { href: context.origin, items, limit: PAGE, next, offset, previous: null }
      return json(200, { ...page, total: answer.total })(context)
    }
    const fields = { 'retry-after': String(answer.retryAfterSeconds) }
    const reason = answer.kind === '429 quota' ? 'QUOTA_EXCEEDED' : undefined
    return apiError(429, 'Too many requests', fields, reason)(context)
  }
}

function dayAnswer({
  statusCode,
  headers,
  body,
}: {
  statusCode: number
  headers: Record<string, unknown>
  body: string
}): DayAnswer {
  if (statusCode !== 200) return { kind: `failed: ${JSON.parse(body).type.split('/').at(-1)}` }
  const { total } = JSON.parse(body)
  const cacheStatus = String(headers['cache-status'])
  const isStale = /ttl=-/.test(cacheStatus)
  const kind = isStale ? 'stale' : /; hit/.test(cacheStatus) ? 'hit' : 'miss'
  return { kind, total, ageSeconds: Number(headers.age) }
}

import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import { CANARY, HOSTILE_NUMBERS, isSound } from '../support/hostile.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startService } from '../support/service.ts'
import { eventually, startRedis, withoutRedis } from '../support/valkey.ts'

const skip = { skip: withoutRedis }
const DAY_MS = 86_400_000
const APP = createHash('sha256').update('sandbox-client').digest('base64url').slice(0, 16)
const PAUSE = `playlist-proxy:gate:${APP}`
const PROBE = `playlist-proxy:gate-probe:${APP}`
const REQUESTS = `playlist-proxy:request-counts:${APP}`
const path = (user: string) => `/users/${user}/playlists`

/** Replicas sharing Redis, each with its own clock, possibly off. */
async function replicasFor(t: Test, variables: Record<string, string> = {}) {
  const { url, client } = await startRedis(t)
  const start = async (offMs = 0) => {
    const clock = new ManualClock(Date.now() + offMs)
    const service = await startService(t, { SHARED_CACHE_URL: url, ...variables }, clock)
    await service.app.ready()
    const gate = async () => (await service.get('/status')).json().spotify
    return { ...service, gate }
  }
  return { client, start }
}

const pause = (type: string, members = '') =>
  `{"version":2,"from":"${CANARY}","id":"${CANARY}","pauses":0,"cause":{"type":${type}${members}}}`

const malformed = [
  '{',
  '"x"',
  '{"version":1,"until":1e300,"pauses":0,"problem":{"type":"spotify-unavailable"}}',
  pause('"spotify-unavailable"').replace(':0,', ':-1,'),
  pause('"spotify-unavailable"').replace(':0,', ':1e300,'),
  pause('"internal-error"'),
  pause('null'),
]

t.test('a malformed pause does not close a gate', skip, async t => {
  const { client, start } = await replicasFor(t)
  const { gate, clock } = await start()
  for (const text of malformed) {
    await client.set(PAUSE, text, 'PX', DAY_MS)
    await eventually(
      async () => (await client.exists(PAUSE)) === 0,
      () => clock.advance(10),
    )
    t.equal((await gate()).gate, 'open', text)
  }
})

t.test('a pause replaces a malformed pause', skip, async t => {
  const { client, start } = await replicasFor(t)
  for (const set of [
    () => client.set(PAUSE, '', 'PX', DAY_MS),
    () => client.set(PAUSE, '{', 'PX', DAY_MS),
    () => client.set(PAUSE, pause('"spotify-rate-limited"')),
    () => client.set(PAUSE, pause('"spotify-rate-limited"'), 'PX', 100 * DAY_MS),
    () => client.lpush(PAUSE, CANARY),
  ]) {
    const { sandbox, get, clock } = await start()
    sandbox.fault({ on: 'api', answer: 'quota-exceeded' })
    await set()
    t.equal((await get(path('smedjan'))).statusCode, 503)
    const other = await start()
    await eventually(
      async () => (await other.gate()).diagnosis === 'quota-exceeded',
      // A deleted pause is stored again within a second.
      async () => {
        await clock.advance(10)
        await other.clock.advance(10)
      },
    )
    await client.flushall()
  }
})

t.test('a pause too long for its cause is ignored', skip, async t => {
  const { client, start } = await replicasFor(t)
  for (const [type, longestMs] of [
    ['spotify-access-denied', 300_000],
    ['spotify-unavailable', DAY_MS],
    ['spotify-rate-limited', DAY_MS],
  ] as const) {
    for (const [ms, state] of [
      [longestMs - 100, 'paused'],
      [longestMs + 60_000, 'open'],
      [100 * DAY_MS, 'open'],
    ] as const) {
      await client.set(PAUSE, pause(`"${type}"`, `,"diagnosis":"${CANARY}"`), 'PX', ms)
      const { get, gate, clock } = await start()
      const { gate: is, paused_until } = await gate()
      t.equal(is, state, `${type} for ${ms} ms`)
      if (state === 'open') await eventually(async () => (await client.exists(PAUSE)) === 0)
      else t.ok(Date.parse(paused_until) <= clock.now() + longestMs)
      const response = await get(path('smedjan'))
      t.equal(response.statusCode === 200, state === 'open')
      t.notMatch(response.body, /canary/)
      await client.flushall()
    }
  }
})

t.test('a pause ends on time on each replica, even with a clock an hour off', skip, async t => {
  for (const offMs of [3_600_000, -3_600_000]) {
    const { start } = await replicasFor(t)
    const off = await start(offMs)
    const right = await start()
    off.sandbox.fault({ on: 'api', answer: 'rate-limited', times: 1 })
    t.equal((await off.get(path('smedjan'))).headers['retry-after'], '3')
    await eventually(async () => (await right.gate()).gate === 'paused')
    isSound(t, await right.get(path('smedjan')), right.clock, `${offMs}`)
    const { paused_until } = await right.gate()
    const leftMs = Date.parse(paused_until) - right.clock.now()
    t.ok(leftMs > 0 && leftMs <= 3000, `${leftMs} ms`)
    await right.clock.advance(3000)
    t.equal((await right.get(path('smedjan'))).statusCode, 200)
    await off.clock.advance(3000)
    t.equal((await off.get(path('smedjan'))).statusCode, 200)
  }
})

t.test('a right to probe without an expiry is replaced', skip, async t => {
  const { client, start } = await replicasFor(t)
  for (const [index, set] of [
    () => client.set(PROBE, CANARY),
    () => client.set(PROBE, CANARY, 'PX', 100 * DAY_MS),
    () => client.lpush(PROBE, CANARY),
  ].entries()) {
    const { sandbox, get, clock } = await start()
    sandbox.fault({ on: 'api', answer: 'rate-limited', times: 1 })
    const user = `user${index}`
    sandbox.setUser(user, [])
    t.equal((await get(path(user))).statusCode, 503)
    await set()
    await clock.advance(3000)
    t.equal((await get(path(user))).statusCode, 200, user)
    await client.flushall()
  }
})

t.test('a lease without an expiry does not block lookups', skip, async t => {
  const { client, start } = await replicasFor(t)
  const { get, clock } = await start()
  const lease = 'playlist-proxy:lease:smedjan'
  await client.set(lease, CANARY, 'PX', 3000)
  const response = get(path('smedjan'))
  await eventually(() => clock.pending.includes(1000))
  await client.set(lease, CANARY, 'PX', 100 * DAY_MS)
  await clock.advance(1000)
  t.equal((await response).statusCode, 200)
})

t.test('impossible request counts do not spend the budget', skip, async t => {
  const { client, start } = await replicasFor(t, { SPOTIFY_DAILY_BUDGET: '10' })
  const { get, gate, sandbox } = await start()
  const bucket = Math.floor(Date.now() / 300_000)
  const fields: Record<string, string> = {}
  for (const [index, number] of HOSTILE_NUMBERS.entries()) {
    fields[`${bucket - index}:a`] = number
    fields[`${number}:b`] = '1'
    fields[`replica:${index}`] = number
    fields[`replica:a${index}`] = `4070908800000 ${number}`
  }
  fields[`${bucket + 200}:c`] = '9'
  fields[`${bucket - 200}:c`] = '20990000'
  fields['replica:f'] = '4070908800000 0'
  await client.hset(REQUESTS, fields)
  const response = await get(path('smedjan'))
  isSound(t, response, { now: Date.now }, 'the list')
  t.equal(response.statusCode, 200)
  t.equal((await gate()).requests_24h, 3)
  const left = await client.hkeys(REQUESTS)
  t.equal(left.length, 2, `${left}`)
  await client.flushall()
  sandbox.setUser('other', [])
  t.equal((await get(path('other'))).statusCode, 200)
  t.equal((await gate()).requests_24h, 4)
})

t.test('impossible caller counts are reset', skip, async t => {
  const { client, start } = await replicasFor(t, { CALLER_REQUESTS_PER_MINUTE: '10' })
  const { get, clock } = await start()
  const key = 'playlist-proxy:caller:address:127.0.0.1'
  for (const value of [...HOSTILE_NUMBERS, '1000000000000000', String(2n ** 63n - 1n)]) {
    for (const ms of [undefined, 1000, 100 * DAY_MS]) {
      if (ms === undefined) await client.set(key, value)
      else await client.set(key, value, 'PX', ms)
      const response = await get(path('smedjan'))
      isSound(t, response, clock, value)
      t.match(response.headers.ratelimit, /^"caller";r=9;t=\d{1,2}$/, value)
      t.ok((await client.pttl(key)) <= 60_000)
    }
  }
})

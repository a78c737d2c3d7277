import { gunzipSync, gzipSync } from 'node:zlib'
import t from 'tap'
import { stored } from '../../src/cache/freshness.ts'
import { StoredPlaylists } from '../../src/playlists/cached-playlists.ts'
import { encodeEntry } from '../../src/playlists/entry-codec.ts'
import { read } from '../support/aggregator.ts'
import { CANARY, HOSTILE_NUMBERS, isSound } from '../support/hostile.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startService } from '../support/service.ts'
import { eventually, startRedis, withoutRedis } from '../support/valkey.ts'

const HOUR = { freshSeconds: 3600, staleWhileRevalidateSeconds: 3600, staleIfErrorSeconds: 3600 }
const HOUR_MS = 3_600_000
const skip = { skip: withoutRedis }
const path = (user: string) => `/users/${user}/playlists`
const keyOf = (user: string) => `playlist-proxy:entry:${user}`
const list = await read([{ id: 'forged' }])

/** A valid entry with altered text. */
async function forged(user: string, now: number, change: (text: string) => string) {
  const body = new StoredPlaylists(list, now)
  const text = gunzipSync(await encodeEntry(user, stored(body, now, HOUR))).toString()
  return gzipSync(change(text))
}

t.test('forged numbers in an entry never reach a response', skip, async t => {
  const { url, client } = await startRedis(t)
  const clock = new ManualClock(Date.now())
  const { get, sandbox } = await startService(t, { SHARED_CACHE_URL: url }, clock)
  let nth = 0
  for (const name of [
    'generatedAt',
    'freshUntil',
    'staleIfErrorUntil',
    'modifiedAt',
    'playlists',
  ]) {
    for (const number of HOSTILE_NUMBERS) {
      const user = `user${nth++}`
      sandbox.setUser(user, [])
      const member = new RegExp(`"${name}":\\d+`)
      const entry = await forged(user, clock.now(), text =>
        text.replace(member, `"${name}":${number}`),
      )
      await client.hset(keyOf(user), { generated_at: number, entry })
      const response = await get(path(user))
      isSound(t, response, clock, `${name}: ${number}`)
      const [, seconds] = /max-age=(\d+)/.exec(String(response.headers['cache-control'])) ?? []
      t.ok(Number(seconds) <= 300, `${name}: ${number}`)
    }
  }
})

t.test('an unusable entry in Redis is replaced, whatever its timestamp', skip, async t => {
  const { url, client } = await startRedis(t)
  const clock = new ManualClock(Date.now())
  const variables = { SHARED_CACHE_URL: url, CACHE_MAX_BYTES: '1048576' }
  const first = await startService(t, variables, clock)
  const second = await startService(t, variables, clock)
  const forgedAt = (user: string, change: (text: string) => string) =>
    forged(user, clock.now(), change)
  const cases: [string, (user: string) => Promise<Buffer>][] = [
    ['a line that is no JSON', user => forgedAt(user, text => text.replace('{"id"', '{"id'))],
    ['no lines', user => forgedAt(user, text => text.replace(/\n.*/s, '\n'))],
    ['another user', () => forgedAt('somebody-else', text => text)],
    ['an older version', async () => Buffer.from('plpx\u0001')],
    ['no gzip', async () => Buffer.from(CANARY)],
    ['a bomb', async () => gzipSync(Buffer.alloc(2_000_000))],
  ]
  for (const [name, make] of cases) {
    for (const generatedAt of [clock.now(), '1e300', 'nan', '-1', Date.UTC(2099, 0)]) {
      const user = `${name} ${generatedAt}`.replaceAll(' ', '-').toLowerCase()
      for (const { sandbox } of [first, second]) sandbox.setUser(user, [])
      await client.hset(keyOf(user), { generated_at: generatedAt, entry: await make(user) })
      t.match((await first.get(path(user))).json(), { items: [] }, user)
      await eventually(async () => (await client.ttl(keyOf(user))) > 0)
      const response = await second.get(path(user))
      t.match(response.headers['cache-status'], /^playlist-proxy; hit/, user)
    }
  }
  t.equal(second.sandbox.count('api'), 0)
})

t.test('a replica with a clock an hour off does not harm other replicas', skip, async t => {
  const { url } = await startRedis(t)
  const variables = { SHARED_CACHE_URL: url }
  const right = new ManualClock(Date.now())
  const one = await startService(t, variables, right)
  const other = await startService(t, variables, right)
  for (const offMs of [HOUR_MS, -HOUR_MS]) {
    const off = await startService(t, variables, new ManualClock(Date.now() + offMs))
    for (const isFirst of [true, false]) {
      const user = `user${offMs}${isFirst}`
      const replicas = isFirst ? [off, one, other] : [one, off, other]
      for (const { sandbox } of replicas) {
        sandbox.setUser(user, [])
        sandbox.clear()
      }
      for (const { get, sandbox } of [...replicas, ...replicas]) {
        const response = await get(path(user))
        t.equal(response.statusCode, 200)
        if (sandbox !== off.sandbox) isSound(t, response, right, user)
      }
      t.comment(
        user,
        [off, one, other].map(({ sandbox }) => sandbox.count('api')),
      )
      const cost = one.sandbox.count('api') + other.sandbox.count('api')
      t.ok(cost <= 1, 'replicas whose clocks are right still share lists')
      t.ok(off.sandbox.count('api') <= 1)
    }
  }
})

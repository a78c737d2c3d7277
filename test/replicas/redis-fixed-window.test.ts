import t from 'tap'
import { RedisFixedWindow } from '../../src/replicas/redis-fixed-window.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { connectTo } from '../support/shared.ts'
import { startOwnRedis, startRedis, withoutOwnRedis, withoutRedis } from '../support/valkey.ts'

const { signal } = new AbortController()

t.test('replicas share caller counts', { skip: withoutRedis }, async t => {
  const { url, client } = await startRedis(t)
  const connected = await Promise.all([connectTo(t, url), connectTo(t, url)])
  const [one, other] = connected.map(
    ({ connection, clock }) => new RedisFixedWindow(connection, 60_000, clock, signal),
  )
  t.equal((await one?.count('address 192.0.2.1'))?.used, 1)
  t.equal((await other?.count('address 192.0.2.1'))?.used, 2)
  const third = await one?.count('address 192.0.2.1')
  t.equal(third?.used, 3)
  t.ok(Number(third?.leftMs) > 0 && Number(third?.leftMs) <= 60_000)
  t.equal((await other?.count('batch'))?.used, 1)
  t.strictSame((await client.keys('playlist-proxy:caller:*')).toSorted(), [
    'playlist-proxy:caller:address:192.0.2.1',
    'playlist-proxy:caller:batch',
  ])
})

t.test(
  'a malformed count is reset, and a count without an expiry gets a lifetime',
  { skip: withoutRedis },
  async t => {
    const { url, client } = await startRedis(t)
    const { connection, clock } = await connectTo(t, url)
    const counts = new RedisFixedWindow(connection, 60_000, clock, signal)
    await client.lpush('playlist-proxy:caller:a', 'rubbish')
    t.strictSame(await counts.count('a'), { used: 1, leftMs: 60_000 })
    await client.set('playlist-proxy:caller:b', '4')
    t.strictSame(await counts.count('b'), { used: 5, leftMs: 60_000 })
  },
)

t.test('while Redis fails, each replica uses its own count', { skip: withoutOwnRedis }, async t => {
  const server = await startOwnRedis(t)
  const { connection, clock, wait } = await connectTo(t, server.url)
  const counts = new RedisFixedWindow(connection, 60_000, clock, signal)
  await server.client.set('playlist-proxy:caller:a', '40', 'PX', 50_000)
  t.equal((await counts.count('a')).used, 41)
  await server.kill()
  await wait(() => connection.state === 'degraded')
  t.equal((await counts.count('a')).used, 2)
  await server.restart()
  await wait(() => connection.state === 'connected')
  t.equal((await counts.count('a')).used, 1)
})

t.test('callers do not wait for a hanging Redis once the service stops', async t => {
  const stopping = new AbortController()
  const hanging = { run: () => new Promise<never>(() => {}) }
  const counts = new RedisFixedWindow(hanging, 60_000, new ManualClock(), stopping.signal)
  const count = counts.count('a')
  stopping.abort()
  t.strictSame(await count, { used: 1, leftMs: 60_000 })
})

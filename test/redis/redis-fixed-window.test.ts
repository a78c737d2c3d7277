import t from 'tap'
import { SharedCallerCounts } from '../../src/redis/redis-fixed-window.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { connectTo } from '../support/shared.ts'
import { startEngine, startOwnEngine, withoutEngine, withoutOwnEngine } from '../support/valkey.ts'

const { signal } = new AbortController()

t.test('replicas count a caller together', { skip: withoutEngine }, async t => {
  const { url, client } = await startEngine(t)
  const connected = await Promise.all([connectTo(t, url), connectTo(t, url)])
  const [one, other] = connected.map(
    ({ connection, clock }) => new SharedCallerCounts(connection, 60_000, clock, signal),
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

t.test('rubbish, or a count without an end, begins anew', { skip: withoutEngine }, async t => {
  const { url, client } = await startEngine(t)
  const { connection, clock } = await connectTo(t, url)
  const counts = new SharedCallerCounts(connection, 60_000, clock, signal)
  await client.lpush('playlist-proxy:caller:a', 'rubbish')
  t.strictSame(await counts.count('a'), { used: 1, leftMs: 60_000 })
  await client.set('playlist-proxy:caller:b', '4')
  t.strictSame(await counts.count('b'), { used: 5, leftMs: 60_000 })
})

t.test(
  'while the engine fails each replica goes by its own share',
  { skip: withoutOwnEngine },
  async t => {
    const engine = await startOwnEngine(t)
    const { connection, clock, wait } = await connectTo(t, engine.url)
    const counts = new SharedCallerCounts(connection, 60_000, clock, signal)
    await engine.client.set('playlist-proxy:caller:a', '40', 'PX', 50_000)
    t.equal((await counts.count('a')).used, 41)
    await engine.kill()
    await wait(() => connection.state === 'degraded')
    t.equal((await counts.count('a')).used, 2)
    await engine.restart()
    await wait(() => connection.state === 'connected')
    t.equal((await counts.count('a')).used, 1)
  },
)

t.test('a caller does not wait for an engine that hangs once the service stops', async t => {
  const stopping = new AbortController()
  const hanging = { run: () => new Promise<never>(() => {}) }
  const counts = new SharedCallerCounts(hanging, 60_000, new ManualClock(), stopping.signal)
  const count = counts.count('a')
  stopping.abort()
  t.strictSame(await count, { used: 1, leftMs: 60_000 })
})

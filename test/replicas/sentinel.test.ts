import t, { type Test } from 'tap'
import { expectKind, response } from '../cache/shared-tier-contract.ts'
import { SERVICE, startPair, startSentinels } from '../support/redis-groups.ts'
import { connectTo, tierAt } from '../support/shared.ts'
import { startOwnRedis, withoutOwnRedis } from '../support/valkey.ts'

const skip = { skip: withoutOwnRedis }
const PASSWORD = 'canary-of-redis'
const SENTINEL_PASSWORD = 'canary-of-the-sentinels'
/** An address without a listener. */
const DEAD = '127.0.0.1:1'

async function group(t: Test) {
  const { primary, replica } = await startPair(t)
  const sentinels = await startSentinels(t, primary, { count: 3, quorum: 2, replicas: 1 })
  const hosts = sentinels.map(({ address }) => address).join()
  return { primary, replica, sentinels, url: `redis+sentinel://${hosts}/${SERVICE}` }
}

t.test('after a Sentinel failover, replicas connect to the new primary', skip, async t => {
  const { primary, replica, sentinels, url } = await group(t)
  const one = await tierAt(t, url)
  const other = await tierAt(t, url)
  await expectKind(await one.tier.acquireLease('user'), 'held').stored(response('list'))
  t.equal((await other.tier.get('user'))?.body, 'list')
  t.equal(await primary.client.exists('playlist-proxy:entry:user'), 1)
  const received: string[] = []
  other.tier.onStored(key => received.push(key))

  // One sentinel hangs; the others are enough.
  sentinels[0]?.stop()
  await primary.kill()
  await one.wait(() => one.connection.state === 'degraded')
  await one.wait(() => one.connection.state === 'connected')
  await other.wait(() => other.connection.state === 'connected')
  t.match(await replica.client.info('replication'), /role:master/)
  await one.wait(async () => {
    const lease = await one.tier.acquireLease('later')
    if (lease.kind === 'held') await lease.stored(response('new'))
    await other.clock.advance(10)
    return received.includes('later')
  })
  t.equal(await replica.client.exists('playlist-proxy:entry:later'), 1)
})

t.test('a majority of sentinels outvotes an isolated sentinel', skip, async t => {
  const primary = await startOwnRedis(t)
  const former = await startOwnRedis(t)
  const [cutOff] = await startSentinels(t, former, { count: 1, quorum: 1, replicas: 0 })
  const agreed = await startSentinels(t, primary, { count: 2, quorum: 2, replicas: 0 })
  const hosts = [cutOff, ...agreed].map(sentinel => sentinel?.address)
  const { connection } = await connectTo(t, `redis+sentinel://${DEAD},${hosts}/${SERVICE}`)
  t.equal(connection.state, 'connected')
  t.equal(await primary.client.exists('playlist-proxy:probe'), 1)
  t.equal(await former.client.exists('playlist-proxy:probe'), 0)
})

t.test('Redis and the sentinels have separate passwords', skip, async t => {
  const primary = await startOwnRedis(t, '--requirepass', PASSWORD)
  const options = { count: 1, quorum: 1, replicas: 0, password: SENTINEL_PASSWORD }
  const [sentinel] = await startSentinels(t, primary, options)
  const end = `@${sentinel?.address}/${SERVICE}`
  const query = `?sentinel_password=${SENTINEL_PASSWORD}`
  for (const [url, code] of [
    [`redis+sentinel://:${PASSWORD}${end}${query}`, undefined],
    [`redis+sentinel://:${PASSWORD}${end}`, 'NOAUTH'],
    [`redis+sentinel://:wrong${end}${query}`, 'WRONGPASS'],
    [`redis+sentinel://:${PASSWORD}${end}${query}wrong`, 'WRONGPASS'],
    [`redis+sentinel://:${PASSWORD}${end}-other${query}`, 'UNKNOWN_SERVICE'],
    [`redis+sentinel://${DEAD}/${SERVICE}`, 'ECONNREFUSED'],
  ] as const) {
    const { connection, lines, written } = await connectTo(t, url)
    t.equal(connection.state, code === undefined ? 'connected' : 'degraded', url)
    t.equal(lines()[0]?.code, code, url)
    t.notMatch(String(written), /canary/)
  }
})

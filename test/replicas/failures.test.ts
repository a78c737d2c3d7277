import t, { type Test } from 'tap'
import { expectKind, response } from '../cache/shared-tier-contract.ts'
import { tierAt } from '../support/shared.ts'
import { startOwnRedis, withoutOwnRedis } from '../support/valkey.ts'

type Replica = Awaited<ReturnType<typeof tierAt>>
const skip = { skip: withoutOwnRedis }

/** Checks that each read is a miss, and that each lease is unavailable without waiting. */
async function worksAlone(t: Test, { tier, clock }: Replica) {
  for (let times = 0; times < 3; times++) {
    t.equal(await clock.runUntil(tier.get('user')), undefined)
    t.equal((await clock.runUntil(tier.acquireLease('user'))).kind, 'unavailable')
  }
}

/** The tier recovers, and logs each change once. */
async function recovers(t: Test, replica: Replica, changes: string[]) {
  const { tier, connection, wait, lines } = replica
  await wait(() => connection.state === 'connected')
  await expectKind(await tier.acquireLease('again'), 'held').stored(response('list'))
  t.equal((await tier.get('again'))?.body, 'list')
  t.strictSame(
    lines().map(({ msg, reason, code }) => [msg, reason, code].filter(Boolean).join(' ')),
    changes,
  )
}

const CONNECTED = 'connected to the shared cache'
const FAILED = 'the shared cache failed, continuing without it'

t.test('a replica works alone while Redis is down at startup, then recovers', skip, async t => {
  const server = await startOwnRedis(t)
  await server.kill()
  const replica = await tierAt(t, server.url)
  t.equal(replica.connection.state, 'degraded')
  await worksAlone(t, replica)
  await server.restart()
  await recovers(t, replica, [`${FAILED} unreachable ECONNREFUSED`, CONNECTED])
})

t.test(
  'a replica works alone after Redis is killed, and recovers when Redis restarts',
  skip,
  async t => {
    const server = await startOwnRedis(t)
    const replica = await tierAt(t, server.url)
    await server.kill()
    await replica.wait(() => replica.connection.state === 'degraded')
    await worksAlone(t, replica)
    await server.restart()
    await recovers(t, replica, [CONNECTED, `${FAILED} unreachable`, CONNECTED])
  },
)

t.test('while Redis hangs, commands fail immediately after one time-out', skip, async t => {
  const server = await startOwnRedis(t)
  const replica = await tierAt(t, server.url)
  const { tier, clock, outcomes, connection } = replica
  server.stop()
  const results = Promise.all([tier.get('user'), tier.acquireLease('user')])
  await clock.advance(49)
  t.equal(connection.state, 'connected')
  await clock.advance(1)
  t.match(await results, [undefined, { kind: 'unavailable' }])
  t.equal(connection.state, 'degraded')
  outcomes.length = 0
  await worksAlone(t, replica)
  t.ok(outcomes.length === 6 && outcomes.every(outcome => outcome.endsWith('not-tried')))
  server.resume()
  await recovers(t, replica, [CONNECTED, `${FAILED} timeout`, CONNECTED])
})

t.test('a lookup waiting for a lease continues when Redis stops replying', skip, async t => {
  const server = await startOwnRedis(t)
  const one = await tierAt(t, server.url)
  const other = await tierAt(t, server.url)
  expectKind(await one.tier.acquireLease('user'), 'held')
  const { ended } = expectKind(await other.tier.acquireLease('user'), 'taken')
  server.stop()
  const results = other.tier.get('user')
  await other.clock.advance(50)
  t.equal(await results, undefined)
  t.strictSame(await ended, { failure: undefined })
  server.resume()
})

t.test('after a flush every read is a miss, and nothing fails', skip, async t => {
  const server = await startOwnRedis(t)
  const replica = await tierAt(t, server.url)
  await expectKind(await replica.tier.acquireLease('user'), 'held').stored(response('list'))
  const held = expectKind(await replica.tier.acquireLease('user'), 'held')
  await server.client.flushall()
  t.equal(await replica.tier.get('user'), undefined)
  await held.stored(response('later'))
  t.equal((await replica.tier.get('user'))?.body, 'later')
  await recovers(t, replica, [CONNECTED])
})

t.test('a read-only Redis serves reads and refuses leases', skip, async t => {
  const server = await startOwnRedis(t)
  const replica = await tierAt(t, server.url)
  await expectKind(await replica.tier.acquireLease('user'), 'held').stored(response('list'))
  await server.client.replicaof('127.0.0.1', 1)
  t.equal((await replica.tier.acquireLease('user')).kind, 'unavailable')
  t.equal(replica.connection.state, 'degraded')
  t.equal((await replica.tier.get('user'))?.body, 'list')
  await server.client.replicaof('NO', 'ONE')
  await recovers(t, replica, [CONNECTED, `${FAILED} refused READONLY`, CONNECTED])
})

t.test('a full Redis serves reads and refuses leases', skip, async t => {
  const server = await startOwnRedis(t)
  const replica = await tierAt(t, server.url)
  const held = expectKind(await replica.tier.acquireLease('user'), 'held')
  await held.stored(response('list'))
  await server.client.config('SET', 'maxmemory', '1')
  t.equal((await replica.tier.acquireLease('user')).kind, 'unavailable')
  t.equal(replica.connection.state, 'degraded')
  t.equal((await replica.tier.get('user'))?.body, 'list')
  await server.client.config('SET', 'maxmemory', '0')
  await recovers(t, replica, [CONNECTED, `${FAILED} refused OOM`, CONNECTED])
})

t.test('a wrong password or database is refused, and passwords are never logged', skip, async t => {
  const server = await startOwnRedis(t, '--requirepass', 'right')
  const { host } = new URL(server.url)
  for (const [url, code] of [
    [`redis://:canary@${host}`, 'WRONGPASS'],
    [`redis://${host}`, 'NOAUTH'],
    [`redis://:right@${host}/99`, 'ERR'],
  ] as const) {
    const replica = await tierAt(t, url)
    await worksAlone(t, replica)
    t.match(replica.lines(), [{ msg: FAILED, reason: 'refused', code }])
    t.notMatch(replica.written.join(), /canary/)
    await replica.connection.close()
  }
  const replica = await tierAt(t, `redis://:right@${host}/3`)
  await recovers(t, replica, [CONNECTED])
})

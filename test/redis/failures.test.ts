import t, { type Test } from 'tap'
import { expectKind, response } from '../cache/shared-tier-contract.ts'
import { tierAt } from '../support/shared.ts'
import { startOwnEngine, withoutOwnEngine } from '../support/valkey.ts'

type Replica = Awaited<ReturnType<typeof tierAt>>
const skip = { skip: withoutOwnEngine }

/** Nothing is got and nobody waits, however often the tier is asked. */
async function goesOnAlone(t: Test, { tier, clock }: Replica) {
  for (let times = 0; times < 3; times++) {
    t.equal(await clock.runUntil(tier.get('user')), undefined)
    t.equal((await clock.runUntil(tier.acquireLease('user'))).kind, 'unavailable')
  }
}

/** It mends itself, and has logged each change once. */
async function isBack(t: Test, replica: Replica, changes: string[]) {
  const { tier, connection, wait, lines } = replica
  await wait(() => connection.state === 'connected')
  await expectKind(await tier.acquireLease('again'), 'held').stored(response('list'))
  t.equal((await tier.get('again'))?.body, 'list')
  t.strictSame(
    lines().map(({ msg, reason, code }) => [msg, reason, code].filter(Boolean).join(' ')),
    changes,
  )
}

const WORKS = 'the shared cache works'
const FAILS = 'the shared cache fails, going on without'

t.test('down at the start', skip, async t => {
  const engine = await startOwnEngine(t)
  await engine.kill()
  const replica = await tierAt(t, engine.url)
  t.equal(replica.connection.state, 'degraded')
  await goesOnAlone(t, replica)
  await engine.restart()
  await isBack(t, replica, [`${FAILS} unreachable ECONNREFUSED`, WORKS])
})

t.test('killed and started again', skip, async t => {
  const engine = await startOwnEngine(t)
  const replica = await tierAt(t, engine.url)
  await engine.kill()
  await replica.wait(() => replica.connection.state === 'degraded')
  await goesOnAlone(t, replica)
  await engine.restart()
  await isBack(t, replica, [WORKS, `${FAILS} unreachable`, WORKS])
})

t.test('stopped: one time-out, then nobody waits', skip, async t => {
  const engine = await startOwnEngine(t)
  const replica = await tierAt(t, engine.url)
  const { tier, clock, outcomes, connection } = replica
  engine.stop()
  const asked = Promise.all([tier.get('user'), tier.acquireLease('user')])
  await clock.advance(49)
  t.equal(connection.state, 'connected')
  await clock.advance(1)
  t.match(await asked, [undefined, { kind: 'unavailable' }])
  t.equal(connection.state, 'degraded')
  outcomes.length = 0
  await goesOnAlone(t, replica)
  t.ok(outcomes.length === 6 && outcomes.every(outcome => outcome.endsWith('not-tried')))
  engine.resume()
  await isBack(t, replica, [WORKS, `${FAILS} timeout`, WORKS])
})

t.test('whoever waits for a holder goes on when the engine stops', skip, async t => {
  const engine = await startOwnEngine(t)
  const one = await tierAt(t, engine.url)
  const other = await tierAt(t, engine.url)
  expectKind(await one.tier.acquireLease('user'), 'held')
  const { ended } = expectKind(await other.tier.acquireLease('user'), 'taken')
  engine.stop()
  const asked = other.tier.get('user')
  await other.clock.advance(50)
  t.equal(await asked, undefined)
  t.strictSame(await ended, { failure: undefined })
  engine.resume()
})

t.test('flushed: everything is a miss, and nothing fails', skip, async t => {
  const engine = await startOwnEngine(t)
  const replica = await tierAt(t, engine.url)
  await expectKind(await replica.tier.acquireLease('user'), 'held').stored(response('list'))
  const held = expectKind(await replica.tier.acquireLease('user'), 'held')
  await engine.client.flushall()
  t.equal(await replica.tier.get('user'), undefined)
  await held.stored(response('later'))
  t.equal((await replica.tier.get('user'))?.body, 'later')
  await isBack(t, replica, [WORKS])
})

t.test('read-only: what is stored is got, and nobody waits', skip, async t => {
  const engine = await startOwnEngine(t)
  const replica = await tierAt(t, engine.url)
  await expectKind(await replica.tier.acquireLease('user'), 'held').stored(response('list'))
  await engine.client.replicaof('127.0.0.1', 1)
  t.equal((await replica.tier.acquireLease('user')).kind, 'unavailable')
  t.equal(replica.connection.state, 'degraded')
  t.equal((await replica.tier.get('user'))?.body, 'list')
  await engine.client.replicaof('NO', 'ONE')
  await isBack(t, replica, [WORKS, `${FAILS} refused READONLY`, WORKS])
})

t.test('full: what is stored is got, and nobody waits', skip, async t => {
  const engine = await startOwnEngine(t)
  const replica = await tierAt(t, engine.url)
  const held = expectKind(await replica.tier.acquireLease('user'), 'held')
  await held.stored(response('list'))
  await engine.client.config('SET', 'maxmemory', '1')
  t.equal((await replica.tier.acquireLease('user')).kind, 'unavailable')
  t.equal(replica.connection.state, 'degraded')
  t.equal((await replica.tier.get('user'))?.body, 'list')
  await engine.client.config('SET', 'maxmemory', '0')
  await isBack(t, replica, [WORKS, `${FAILS} refused OOM`, WORKS])
})

t.test('a wrong password and a wrong database are refused and never shown', skip, async t => {
  const engine = await startOwnEngine(t, '--requirepass', 'right')
  const { host } = new URL(engine.url)
  for (const [url, code] of [
    [`redis://:canary@${host}`, 'WRONGPASS'],
    [`redis://${host}`, 'NOAUTH'],
    [`redis://:right@${host}/99`, 'ERR'],
  ] as const) {
    const replica = await tierAt(t, url)
    await goesOnAlone(t, replica)
    t.match(replica.lines(), [{ msg: FAILS, reason: 'refused', code }])
    t.notMatch(replica.written.join(), /canary/)
    await replica.connection.close()
  }
  const replica = await tierAt(t, `redis://:right@${host}/3`)
  await isBack(t, replica, [WORKS])
})

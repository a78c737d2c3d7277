import t, { type Test } from 'tap'
import { connectTo } from '../support/shared.ts'
import { eventually, startOwnEngine, withoutOwnEngine } from '../support/valkey.ts'

const skip = { skip: withoutOwnEngine }

/** A connection to a server that has stopped, and over which a command timed out. */
async function tripped(t: Test) {
  const engine = await startOwnEngine(t)
  const parts = await connectTo(t, engine.url)
  const { connection, clock, outcomes } = parts
  const ping = (manner?: 'patient') => connection.run('budget', client => client.ping(), manner)
  const id = () => connection.run('probe', client => client.client('ID'))
  const before = await id()
  engine.stop()
  const late = ping()
  late.catch(() => {})
  await clock.advance(50)
  await t.rejects(late, { message: /timeout/ })
  t.equal(connection.state, 'degraded')
  outcomes.length = 0
  return { ...parts, engine, ping, id, before }
}

t.test('a patient command waits for a slow Redis, the others fail at once', skip, async t => {
  const { engine, ping, connection, wait } = await tripped(t)
  const patient = ping('patient')
  await t.rejects(ping(), { message: /not-tried/ })
  engine.resume()
  t.equal(await patient, 'PONG')
  await wait(() => connection.state === 'connected')
  t.equal(await ping(), 'PONG')
})

t.test('a connection that answers again is kept', skip, async t => {
  const { engine, connection, wait, id, before } = await tripped(t)
  engine.resume()
  await wait(() => connection.state === 'connected')
  t.equal(await id(), before)
})

t.test('a connection that answers too slowly is kept, and not used yet', skip, async t => {
  const { engine, clock, connection, ping, outcomes, wait, id, before } = await tripped(t)
  // The check leaves after 250 ms.
  await clock.advance(400)
  engine.resume()
  await eventually(
    () => outcomes.includes('probe ok'),
    () => clock.advance(0),
  )
  t.equal(connection.state, 'degraded')
  await t.rejects(ping(), { message: /not-tried/ })
  await wait(() => connection.state === 'connected')
  t.equal(await id(), before)
})

t.test('a connection that does not answer the check either is replaced', skip, async t => {
  const { engine, clock, connection, outcomes, wait, id, before } = await tripped(t)
  await clock.advance(1300)
  t.ok(outcomes.includes('probe timeout'))
  engine.resume()
  await wait(() => connection.state === 'connected')
  t.not(await id(), before)
})

t.test(
  'a patient command times out after two seconds, the next one fails at once',
  skip,
  async t => {
    const { engine, ping, clock, connection, wait } = await tripped(t)
    const patient = ping('patient')
    const ends = t.rejects(patient, { message: /timeout/ })
    await clock.advance(2000)
    await ends
    await t.rejects(ping('patient'), { message: /not-tried/ })
    engine.resume()
    await wait(() => connection.state === 'connected')
    t.equal(await ping('patient'), 'PONG')
  },
)

t.test('a command that waits is rejected when the connection is closed', skip, async t => {
  const { ping, connection, clock } = await tripped(t)
  const patient = ping('patient')
  await Promise.all([t.rejects(patient, { message: /unreachable/ }), connection.close()])
  await eventually(() => clock.pending.length === 0)
})

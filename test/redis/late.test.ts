import t, { type Test } from 'tap'
import { connectTo } from '../support/shared.ts'
import { eventually, startOwnEngine, withoutOwnEngine } from '../support/valkey.ts'

const skip = { skip: withoutOwnEngine }

/** A connection whose engine has stopped, and over which a command was late. */
async function lateConnection(t: Test) {
  const engine = await startOwnEngine(t)
  const parts = await connectTo(t, engine.url)
  const { connection, clock } = parts
  const received = async () =>
    Number(/total_connections_received:(\d+)/.exec(await engine.client.info('stats'))?.[1])
  const before = await received()
  const ping = (manner?: 'patient') => connection.run('budget', client => client.ping(), manner)
  engine.stop()
  const late = ping()
  late.catch(() => {})
  await clock.advance(50)
  await t.rejects(late, { message: /timeout/ })
  t.equal(connection.state, 'degraded')
  const opened = async () => (await received()) - before
  return { ...parts, engine, ping, opened }
}

t.test('what is patient waits for an engine that is late, the rest does not', skip, async t => {
  const { engine, ping, wait, connection, opened } = await lateConnection(t)
  const patient = ping('patient')
  await t.rejects(ping(), { message: /not-tried/ })
  engine.resume()
  t.equal(await patient, 'PONG')
  await wait(() => connection.state === 'connected')
  t.equal(await ping(), 'PONG')
  t.equal(await opened(), 0, 'on the same connection')
})

t.test('a connection that stays late serves what is patient alone', skip, async t => {
  const { engine, ping, clock, connection, outcomes, wait } = await lateConnection(t)
  outcomes.length = 0
  engine.resume()
  // It answers the first command of the check, and then holds its breath again.
  await connection.run(
    'budget',
    async client => {
      const { set } = client
      client.set = ((...command: Parameters<typeof set>) => {
        if (outcomes.includes('probe ok')) engine.stop()
        return set.apply(client, command)
      }) as typeof set
    },
    'patient',
  )
  await wait(() => outcomes.includes('probe timeout'))
  t.equal(connection.state, 'degraded')
  await t.rejects(ping(), { message: /not-tried/ })
  const patient = ping('patient')
  engine.resume()
  t.equal(await patient, 'PONG')
  await connection.run('budget', async client => Reflect.deleteProperty(client, 'set'), 'patient')
  await clock.advance(0)
  await wait(() => connection.state === 'connected')
  t.equal(await ping(), 'PONG')
})

t.test('after a second without an answer the connection is given up', skip, async t => {
  const { engine, ping, wait, clock, connection, opened } = await lateConnection(t)
  const [first, second] = [ping('patient'), ping('patient')]
  const ends = Promise.all([
    t.rejects(first, { message: /timeout/ }),
    t.rejects(second, { message: /timeout|unreachable/ }),
  ])
  await clock.advance(1000)
  await ends
  await t.rejects(ping('patient'), { message: /not-tried/ })
  engine.resume()
  await wait(() => connection.state === 'connected')
  t.ok((await opened()) > 0, 'on a new one')
})

t.test('one that is late is closed with the others', skip, async t => {
  const { ping, connection, clock } = await lateConnection(t)
  const patient = ping('patient')
  await Promise.all([t.rejects(patient, { message: /unreachable/ }), connection.close()])
  await eventually(() => clock.pending.length === 0)
})

import t, { type Test } from 'tap'
import { connectTo } from '../support/shared.ts'
import { eventually, startOwnRedis, withoutOwnRedis } from '../support/valkey.ts'

const skip = { skip: withoutOwnRedis }

/** A connection to a hanging server, after a command time-out. */
async function timedOut(t: Test) {
  const server = await startOwnRedis(t)
  const parts = await connectTo(t, server.url)
  const { connection, clock, outcomes } = parts
  const ping = (timeout?: 'long') => connection.run('budget', client => client.ping(), timeout)
  const id = () => connection.run('probe', client => client.client('ID'))
  const before = await id()
  server.stop()
  const late = ping()
  late.catch(() => {})
  await clock.advance(50)
  await t.rejects(late, { message: /timeout/ })
  t.equal(connection.state, 'degraded')
  outcomes.length = 0
  return { ...parts, server, ping, id, before }
}

t.test(
  'while Redis is slow, commands with the long time-out wait and others fail immediately',
  skip,
  async t => {
    const { server, ping, connection, wait } = await timedOut(t)
    const long = ping('long')
    await t.rejects(ping(), { message: /not-tried/ })
    server.resume()
    t.equal(await long, 'PONG')
    await wait(() => connection.state === 'connected')
    t.equal(await ping(), 'PONG')
  },
)

t.test('a Redis connection that replies again after a time-out is kept', skip, async t => {
  const { server, connection, wait, id, before } = await timedOut(t)
  server.resume()
  await wait(() => connection.state === 'connected')
  t.equal(await id(), before)
})

t.test('a Redis connection with slow replies is kept but not used', skip, async t => {
  const { server, clock, connection, ping, outcomes, wait, id, before } = await timedOut(t)
  // The check is sent after 250 ms.
  await clock.advance(400)
  server.resume()
  await eventually(
    () => outcomes.includes('probe ok'),
    () => clock.advance(0),
  )
  t.equal(connection.state, 'degraded')
  await t.rejects(ping(), { message: /not-tried/ })
  await wait(() => connection.state === 'connected')
  t.equal(await id(), before)
})

t.test('a Redis connection is replaced when its check gets no reply in time', skip, async t => {
  const { server, clock, connection, outcomes, wait, id, before } = await timedOut(t)
  await clock.advance(1300)
  t.ok(outcomes.includes('probe timeout'))
  server.resume()
  await wait(() => connection.state === 'connected')
  t.not(await id(), before)
})

t.test(
  'the long Redis command time-out is two seconds, and the next command fails immediately',
  skip,
  async t => {
    const { server, ping, clock, connection, wait } = await timedOut(t)
    const long = ping('long')
    const ends = t.rejects(long, { message: /timeout/ })
    await clock.advance(2000)
    await ends
    await t.rejects(ping('long'), { message: /not-tried/ })
    server.resume()
    await wait(() => connection.state === 'connected')
    t.equal(await ping('long'), 'PONG')
  },
)

t.test('closing a Redis connection rejects a command in flight', skip, async t => {
  const { ping, connection, clock } = await timedOut(t)
  const long = ping('long')
  await Promise.all([t.rejects(long, { message: /unreachable/ }), connection.close()])
  await eventually(() => clock.pending.length === 0)
})

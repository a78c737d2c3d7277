import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { isWarning } from '../support/log-lines.ts'
import { listen, responsesIn } from '../support/raw-http.ts'
import { seconds, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

/** Half the time until lookups are aborted, at three quarters of SHUTDOWN_TIMEOUT_MS (8 s). */
const UNFINISHED_MS = seconds(3)
const CUT_MS = seconds(6.4)

/** A service with callers that send bytes and never close the connection. */
async function serviceFor(t: Test) {
  const service = await startService(t)
  const { app, clock } = service
  // A handler with a bug never responds.
  app.get('/stuck', () => new Promise(() => {}))
  const port = await listen(app)
  const caller = async (bytes: string) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const [accepted] = await once(app.server, 'connection')
    t.teardown(() => socket.destroy())
    const received = text(socket)
    // The service might reset the connection.
    received.catch(() => {})
    const state = { received, isClosed: false, write: (more: string) => socket.write(more) }
    accepted.once('close', () => {
      state.isClosed = true
    })
    socket.write(bytes)
    await until(() => accepted.bytesRead >= bytes.length)
    return state
  }
  let isEnded = false
  const stop = async () => {
    app.close().then(() => {
      isEnded = true
    })
    await until(() => !app.server.listening)
  }
  const end = async () => {
    while (!isEnded) await clock.advance(100)
  }
  return { ...service, caller, stop, end }
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`
const body = 'Content-Type: application/json\r\nContent-Length: 100\r\n'
const UNFINISHED = {
  'one byte': 'G',
  'half a request line': 'GET /users/on',
  'headers without an end': 'GET /health/live HTTP/1.1\r\nHost: x\r\nAccept: ',
  'half a body': `POST /nope HTTP/1.1\r\nHost: x\r\n${body}\r\n{"a":`,
  'half a body that nobody reads': get('/health/live', body),
  'a chunked body without an end': `PUT /nope HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab`,
  'no body after Expect': `POST /nope HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n${body}\r\n`,
  'half a request after a whole one': `${get('/health/live')}GET /health`,
}
const UNREADABLE = {
  'bytes that are not HTTP': '\x16\x03\x01\x02\x00',
  'a preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
}

for (const [name, bytes] of Object.entries(UNFINISHED)) {
  t.test(`a stopping service waits a limited time for a caller that sent ${name}`, async t => {
    const { clock, caller, stop, end } = await serviceFor(t)
    const slow = await caller(bytes)
    await stop()
    await clock.advance(UNFINISHED_MS - 1)
    t.notOk(slow.isClosed, 'it may still finish')
    await clock.advance(200)
    await until(() => slow.isClosed)
    await end()
    t.ok(clock.monotonic() < CUT_MS, 'the service then stops at once')
  })
}

for (const [name, bytes] of Object.entries(UNREADABLE)) {
  t.test(`a stopping service does not wait for a caller that sent ${name}`, async t => {
    const { clock, caller, stop, end } = await serviceFor(t)
    const refused = await caller(bytes)
    await stop()
    await end()
    await until(() => refused.isClosed)
    t.ok(clock.monotonic() < CUT_MS)
  })
}

t.test('the first request on a connection gets a response even if the drain has begun', async t => {
  const { caller, stop, end } = await serviceFor(t)
  const fresh = await caller('')
  await stop()
  fresh.write(get('/users/one/playlists'))
  t.match(responsesIn(await fresh.received), [{ status: 200, headers: { connection: 'close' } }])
  await end()
})

t.test('a request completed during the shutdown gets a response', async t => {
  const { clock, caller, stop, end } = await serviceFor(t)
  const slow = await caller('GET /users/one/playlists HTTP/1.1\r\nHost: x\r\n')
  await stop()
  await clock.advance(UNFINISHED_MS - 1)
  slow.write('\r\n')
  t.match(responsesIn(await slow.received), [{ status: 200, headers: { connection: 'close' } }])
  await end()
})

/** Only the last response on a connection has `Connection: close`. */
const THREE_RESPONSES = [
  [200, 'keep-alive'],
  [200, 'keep-alive'],
  [200, 'close'],
]

const outcomesOf = (received: Parameters<typeof responsesIn>[0]) =>
  responsesIn(received, ['GET', 'GET', 'GET']).map(({ status, headers }) => [
    status,
    headers.connection,
  ])

t.test('lookups in flight on one connection get responses during the shutdown', async t => {
  const { caller, stop, end, sandbox } = await serviceFor(t)
  const release = sandbox.hold('api')
  const users = ['one', 'fifty', 'smedjan']
  const pipelined = await caller(users.map(user => get(`/users/${user}/playlists`)).join(''))
  await sandbox.arrived('api', 3)
  await stop()
  release()
  t.same(outcomesOf(await pipelined.received), THREE_RESPONSES)
  await end()
})

t.test('a lookup arriving after another during the shutdown gets a response', async t => {
  const { caller, stop, end, sandbox } = await serviceFor(t)
  const release = sandbox.hold('api')
  const pipelined = await caller(get('/users/one/playlists'))
  await sandbox.arrived('api', 1)
  await stop()
  pipelined.write(get('/users/fifty/playlists'))
  await sandbox.arrived('api', 2)
  pipelined.write(get('/users/smedjan/playlists'))
  await sandbox.arrived('api', 3)
  release()
  t.same(outcomesOf(await pipelined.received), THREE_RESPONSES)
  await end()
})

t.test('a partial request after a lookup does not cancel the lookup', async t => {
  const { clock, caller, stop, end, sandbox } = await serviceFor(t)
  const release = sandbox.hold('api')
  const both = await caller(`${get('/users/one/playlists')}GET /users/fi`)
  await sandbox.arrived('api', 1)
  await stop()
  await clock.advance(UNFINISHED_MS + 200)
  t.notOk(both.isClosed)
  release()
  t.match(responsesIn(await both.received), [{ status: 200 }])
  await end()
})

t.test('connections still open after the lookups are aborted are closed', async t => {
  const { clock, caller, stop, end, lines } = await serviceFor(t)
  const stuck = await caller(get('/stuck'))
  await stop()
  await clock.advance(CUT_MS - 1)
  t.notOk(stuck.isClosed)
  await clock.advance(1)
  await until(() => stuck.isClosed)
  t.match(lines().filter(isWarning), [
    { level: 'warn', connections: 1, msg: 'closing all open connections' },
  ])
  await end()
})

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import t, { type Test } from 'tap'
import { createTransport } from '../../src/spotify/transport.ts'
import { failureOf } from '../support/failure-of.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'

const never = new AbortController().signal
const request = { method: 'GET', path: '/', headers: {} } as const
const CONNECTIONS = 8

/** How a server handles a request on a connection after `before` others. */
type Serve = (response: ServerResponse, before: number, socket: Socket) => unknown

async function transportWith(t: Test, serve: Serve, connections = 1) {
  const carried = new Map<Socket, number>()
  const methods: (string | undefined)[] = []
  const server = createServer(({ socket, method }: IncomingMessage, response) => {
    const before = carried.get(socket) ?? 0
    carried.set(socket, before + 1)
    methods.push(method)
    serve(response, before, socket)
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const clock = new ManualClock()
  const transport = createTransport(`http://127.0.0.1:${port}`, connections, {
    clock,
    timeoutMs: 5000,
    maxBytes: 1000,
  })
  t.teardown(async () => {
    await transport.close()
    server.closeAllConnections()
    server.close()
  })
  /** Sends one request per connection, all at once. */
  const sendAll = () =>
    Promise.all(Array.from({ length: connections }, () => transport.send(request, never)))
  return { transport, clock, carried, methods, sendAll }
}

const DEATHS: Record<string, (socket: Socket) => unknown> = {
  reset: socket => socket.resetAndDestroy(),
  end: socket => socket.end(),
  close: socket => socket.destroy(),
}

for (const [death, kill] of Object.entries(DEATHS)) {
  t.test(`connections that die on the next request are replaced (${death})`, async t => {
    // Each connection carries one request.
    const serve: Serve = (response, before, socket) =>
      before === 0 ? setImmediate(() => response.end('fine')) : kill(socket)
    const { carried, methods, sendAll } = await transportWith(t, serve, CONNECTIONS)
    await sendAll()
    t.equal(carried.size, CONNECTIONS)
    for (let round = 1; round <= 3; round++) {
      methods.length = 0
      for (const { body } of await sendAll()) t.equal(body, 'fine')
      t.ok(methods.length <= 2 * CONNECTIONS, 'no request is sent three times')
    }
  })
}

t.test('a POST lost on a dead connection is also resent', async t => {
  const { transport, methods } = await transportWith(t, (response, before, socket) =>
    before === 0 ? response.end('fine') : socket.destroy(),
  )
  const post = { ...request, method: 'POST', body: 'grant_type=client_credentials' } as const
  await transport.send(post, never)
  t.equal((await transport.send(post, never)).body, 'fine')
  t.same(methods, ['POST', 'POST', 'POST'])
})

t.test('a request is not resent after a reset on a new connection', async t => {
  const { transport, methods } = await transportWith(t, (_response, _before, socket) =>
    socket.resetAndDestroy(),
  )
  const failure = await failureOf(transport.send(request, never))
  t.match(failure, { type: 'spotify-bad-response', transient: true })
  t.equal(methods.length, 1)
})

t.test('a request lost on a dead connection is resent only once', async t => {
  let isDead = false
  const { transport, methods } = await transportWith(t, (response, _before, socket) =>
    isDead ? socket.resetAndDestroy() : response.end('fine'),
  )
  await transport.send(request, never)
  isDead = true
  t.match(await failureOf(transport.send(request, never)), { type: 'spotify-bad-response' })
  t.equal(methods.length, 3)
})

t.test('a request is not resent once the response has begun', async t => {
  for (const begun of [
    'H',
    'HTTP/1.1 200 OK\r\nContent-',
    'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegun',
  ]) {
    const { transport, methods } = await transportWith(t, (response, before, socket) =>
      before === 0 ? response.end('fine') : socket.end(begun),
    )
    await transport.send(request, never)
    t.match(await failureOf(transport.send(request, never)), { type: 'spotify-bad-response' })
    t.equal(methods.length, 2, begun)
  }
})

t.test('mayResend can prevent the resend', async t => {
  const { transport, methods } = await transportWith(t, (response, before, socket) =>
    before === 0 ? response.end('fine') : socket.destroy(),
  )
  let asked = 0
  const mayResend = async () => {
    asked++
    return false
  }
  await transport.send(request, never, { mayResend })
  t.equal(asked, 0)
  const failure = await failureOf(transport.send(request, never, { mayResend }))
  t.match(failure, { type: 'spotify-bad-response' })
  t.equal(asked, 1)
  t.equal(methods.length, 2)
})

t.test('an abort or a timeout also ends a resent request', async t => {
  const { transport, methods, clock } = await transportWith(t, (response, before, socket) => {
    if (before > 0) socket.destroy()
    else if (methods.length === 1) response.end('fine')
  })
  await transport.send(request, never)
  const aborting = new AbortController()
  const aborted = failureOf(transport.send(request, aborting.signal))
  await until(() => methods.length === 3)
  const reason = new Error('no longer wanted')
  aborting.abort(reason)
  t.equal(await aborted, reason)

  const late = failureOf(transport.send(request, never))
  await until(() => methods.length === 4)
  await clock.advance(5000)
  t.match(await late, { type: 'spotify-unavailable' })
  t.same(clock.pending, [])
})

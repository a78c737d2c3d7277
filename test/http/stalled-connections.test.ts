import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { trackConnections } from '../../src/http/connections.ts'
import { sendRepresentation } from '../../src/http/send.ts'
import { closeStalledConnections } from '../../src/http/stalled-connections.ts'
import type { Representation } from '../../src/playlists/representation.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { metricsOf } from '../support/metrics.ts'
import { listen } from '../support/raw-http.ts'
import { seconds, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

/** More than the connection buffers hold. */
const BYTES = 40_000_000
const long: Representation = {
  parts: [Buffer.alloc(BYTES)],
  bytes: BYTES,
  etag: '"long"',
  validators: ['etag', '"long"'],
  contentFields: ['content-length', String(BYTES)],
  heldBytes: BYTES,
}
const CLOSED = 'connections_closed_total{reason="stalled"}'
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

/** A service with callers that read only when the test tells them to. */
async function serviceFor(t: Test) {
  const service = await startService(t)
  const { app, lines } = service
  const held: ServerResponse[] = []
  app.get('/long', (_request, reply) => sendRepresentation(reply, long, []))
  app.get('/held', (_request, reply) => {
    reply.hijack()
    held.push(reply.raw)
  })
  const port = await listen(app)
  const caller = async (bytes: string) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).pause()
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    const [accepted] = (await once(app.server, 'connection')) as [Socket]
    socket.write(bytes)
    await until(() => accepted.bytesRead >= bytes.length)
    return { socket, accepted }
  }
  const closings = () => lines().filter(({ msg }) => msg.startsWith('closed a connection'))
  return { ...service, held, caller, closings }
}

t.test('a caller that does not read the response is closed after 30 s', async t => {
  const service = await serviceFor(t)
  const { clock, caller, closings, lines } = service
  const { accepted } = await caller(get('/long'))
  await until(() => accepted.writableLength > 0)
  await clock.advance(seconds(30))
  t.notOk(accepted.destroyed)
  await clock.advance(seconds(5))
  t.ok(accepted.destroyed)
  t.match(closings(), [{ level: 'debug', sent_bytes: Number }])
  t.equal((await metricsOf(service)).get(CLOSED), 1)
  await until(() => lines().some(({ status }) => status === 499))
})

t.test('a slow reader stays connected', async t => {
  const { clock, caller, closings } = await serviceFor(t)
  const { socket, accepted } = await caller(get('/long'))
  await until(() => accepted.writableLength > 0)
  for (let nth = 0; nth < 4; nth++) {
    await clock.advance(seconds(25))
    for (let bytes = 0; bytes < BYTES / 8; ) {
      const chunk = socket.read() as Buffer | null
      if (chunk === null) await once(socket, 'readable')
      else bytes += chunk.length
    }
  }
  t.notOk(accepted.destroyed)
  t.same(closings(), [])
})

t.test('suspending the process closes no connection', async t => {
  const { clock, caller, closings } = await serviceFor(t)
  const { accepted } = await caller(get('/long'))
  await until(() => accepted.writableLength > 0)
  await clock.advance(seconds(10))
  clock.suspend(seconds(60))
  await clock.advance(seconds(10))
  t.same(closings(), [])
})

t.test('a caller waiting for a response and an idle connection stay connected', async t => {
  const { app, clock, caller, held, closings } = await serviceFor(t)
  const idle = await caller(get('/health/live'))
  const silent = await caller('')
  const waiting = await caller(get('/held'))
  await until(() => held.length === 1)
  await clock.advance(seconds(300))
  for (const { accepted } of [idle, silent, waiting]) t.notOk(accepted.destroyed)
  held[0]?.end('late')
  const [chunk] = await once(waiting.socket.resume(), 'data')
  t.match(String(chunk), /200 OK[\s\S]*late/)
  t.same(closings(), [])
  await app.close()
  t.same(clock.pending, [], 'no timer is pending')
})

t.test('a caller is closed if it keeps the connection open after the last response', async t => {
  const { clock, caller, closings } = await serviceFor(t)
  const { socket, accepted } = await caller('no HTTP\r\n\r\n')
  const [chunk] = await once(socket.resume(), 'data')
  t.match(String(chunk), /^HTTP\/1\.1 400 /)
  await clock.advance(seconds(35))
  t.ok(accepted.destroyed)
  t.match(closings(), [{ sent_bytes: accepted.bytesWritten }])
})

t.test('a closing connection is not closed again', async t => {
  const clock = new ManualClock()
  const server = createServer(socket => socket.write(Buffer.alloc(BYTES))).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  const { logger, lines } = recordingLogger()
  const connections = trackConnections(server, clock)
  closeStalledConnections(server, connections, {
    clock,
    log: logger,
    onClosed: () => t.fail('closed twice'),
  })
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').pause()
  t.teardown(() => socket.destroy())
  const [accepted] = (await once(server, 'connection')) as [Socket]
  accepted.destroy()
  await clock.advance(seconds(60))
  t.same(lines(), [])
  t.same(clock.pending, [], 'without connections no check is scheduled')
})

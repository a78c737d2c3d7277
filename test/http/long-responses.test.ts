import { hash } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { trackConnections } from '../../src/http/connections.ts'
import { createServer } from '../../src/http/create-server.ts'
import { drainConnections } from '../../src/http/drain.ts'
import { sendRepresentation } from '../../src/http/send.ts'
import type { Representation } from '../../src/playlists/representation.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { listen } from '../support/raw-http.ts'
import { until } from '../support/until.ts'

const PARTS = 64
const PART_BYTES = 600_000

const parts = Array.from({ length: PARTS }, (_, nth) => Buffer.alloc(PART_BYTES, nth))
const bytes = PARTS * PART_BYTES
const long: Representation = {
  parts,
  bytes,
  etag: '"long"',
  validators: ['etag', '"long"'],
  contentFields: ['content-length', String(bytes)],
  heldBytes: bytes,
}

/** Starts a server whose responses exceed the connection buffers; also returns the response objects. */
async function longServer(t: Test) {
  const app = Fastify()
  const responses: ServerResponse[] = []
  app.get('/', (_request, reply) => {
    responses.push(reply.raw)
    sendRepresentation(reply, long, [])
  })
  app.get('/short', async () => 'short')
  t.teardown(() => app.close())
  const port = await listen(app)
  return { app, port, responses, origin: `http://127.0.0.1:${port}` }
}

t.test('a long response arrives complete and does not delay others', async t => {
  const { origin, responses } = await longServer(t)
  const { body, headers } = await fetch(origin)
  t.equal(headers.get('content-length'), String(bytes))
  t.equal(await (await fetch(`${origin}/short`)).text(), 'short')
  t.equal(responses[0]?.writableEnded, false, 'it waits for its client to read')
  const read = Buffer.from(await new Response(body).arrayBuffer())
  t.equal(hash('sha256', read), hash('sha256', Buffer.concat(parts)))
})

t.test('a response stops when the client disconnects', async t => {
  const { port, origin, responses } = await longServer(t)
  const socket = connect(port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'data')
  const [response] = responses as [ServerResponse]
  const closed = once(response, 'close')
  socket.destroy()
  await closed
  t.equal(await (await fetch(`${origin}/short`)).text(), 'short')
  t.equal(response.writableEnded, false)
})

const LIMIT_MS = 8000

/** A server that stops while a client has read only the beginning of a response. */
async function stoppingServer(representation: Representation) {
  const clock = new ManualClock()
  const { logger } = recordingLogger()
  const { app, responses } = createServer({ basePath: '', clock, logger, observe: () => {} })
  const connections = trackConnections(app.server, clock)
  const options = {
    responses,
    connections,
    clock,
    delayMs: 0,
    limitMs: LIMIT_MS,
    abortLookups: () => {},
  }
  app.addHook('preClose', drainConnections(app, options))
  app.get('/', (_request, reply) => sendRepresentation(reply, representation, []))
  const { body } = await fetch(`http://127.0.0.1:${await listen(app)}`)
  let isClosed = false
  app.close().then(() => {
    isClosed = true
  })
  await until(() => !app.server.listening)
  await clock.advance(0.75 * LIMIT_MS)
  const read = async () => (await new Response(body).arrayBuffer()).byteLength
  const end = async () => {
    while (!isClosed) await clock.advance(100)
  }
  return { clock, read, end }
}

const inOne = { ...long, parts: [Buffer.concat(parts)] }

for (const [name, representation] of Object.entries({ 'in one part': inOne, 'in many': long })) {
  t.test(`a stopping server waits for a client that reads, ${name}`, async t => {
    const { read, end } = await stoppingServer(representation)
    t.equal(await read(), bytes)
    await end()
  })

  t.test(`a stopping server closes a client that does not read, ${name}`, async t => {
    const { clock, read, end } = await stoppingServer(representation)
    await end()
    t.ok(clock.monotonic() >= 0.8 * LIMIT_MS && clock.monotonic() < LIMIT_MS)
    await t.rejects(read())
  })
}

t.test('a long response arrives complete over inject', async t => {
  const { app } = await longServer(t)
  const { rawPayload } = await app.inject('/')
  t.equal(hash('sha256', rawPayload), hash('sha256', Buffer.concat(parts)))
})

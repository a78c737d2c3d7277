import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { Agent, get as httpGet, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t from 'tap'
import type { ManualClock } from '../support/manual-clock.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'

t.test('a draining service completes in-flight requests with Connection: close', async t => {
  const { app, sandbox, clock } = await startService(t)
  const url = await app.listen({ port: 0 })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const ask = async (path: string) => {
    const [response] = (await once(httpGet(url + path, { agent }), 'response')) as [IncomingMessage]
    return { status: response.statusCode, headers: response.headers, body: await text(response) }
  }
  // Two connections: one is idle when the service closes, one becomes idle later.
  await ask('/health/live')
  const release = sandbox.hold('api')
  const underWay = ask('/users/one/playlists')
  await sandbox.arrived('api', 1)
  const idle = await ask('/health/ready')
  t.match(idle, { status: 200, headers: { connection: 'keep-alive' } })

  const closing = app.close()
  await until(() => clock.pending.includes(100))
  release()
  t.match(await underWay, { status: 200, headers: { connection: 'close' } })
  await closeThrough(closing, clock)
  t.same(clock.pending, [], 'no timer is pending')
})

t.test('a draining service is not ready', async t => {
  const { app, clock } = await startService(t)
  await app.listen({ port: 0 })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  const [connection] = (await once(app.server, 'connection')) as [Socket]
  // A partial request keeps its connection open.
  socket.write('GET /health/ready HTTP/1.1\r\nHost: x\r\n')
  await until(() => connection.bytesRead > 0)
  const closing = app.close()
  await until(() => !app.server.listening)
  socket.write('\r\n')
  const response = await text(socket)
  t.match(response, /^HTTP\/1\.1 503 [\s\S]*Connection: close[\s\S]*shutting-down/)
  await closeThrough(closing, clock)
})

t.test('for SHUTDOWN_DELAY_MS the service accepts connections but is not ready', async t => {
  const { app, clock } = await startService(t, { SHUTDOWN_DELAY_MS: '500' })
  const url = await app.listen({ port: 0 })
  const idle = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  await once(idle, 'connect')
  const closing = app.close()
  await until(() => clock.pending.includes(500))
  await clock.advance(499)
  const ready = await fetch(`${url}/health/ready`)
  t.equal(ready.status, 503)
  t.match(await ready.json(), { type: '/problems/shutting-down' })
  const lookup = await fetch(`${url}/users/one/playlists`)
  t.equal(lookup.status, 200, 'late requests still get a response')
  t.equal(lookup.headers.get('connection'), 'close')
  t.notOk(idle.readableEnded, 'idle connections stay open')
  const ended = once(idle, 'close')
  idle.resume()
  await closeThrough(closing, clock)
  await ended
  await t.rejects(fetch(url), { cause: { code: 'ECONNREFUSED' } })
})

t.test('a lookup waiting for a token is aborted in time', async t => {
  const { app, sandbox, clock } = await startService(t, { SPOTIFY_TIMEOUT_MS: '20000' })
  sandbox.hold('token')
  const url = await app.listen({ port: 0 })
  const response = fetch(`${url}/users/one/playlists`)
  await once(app.server, 'request')
  const closing = app.close()
  await until(() => clock.pending.includes(6000))
  await clock.advance(6000)
  t.match(await (await response).json(), { type: '/problems/shutting-down', status: 503 })
  await closeThrough(closing, clock)
})

t.test('the service writes the snapshot when the shutdown begins', async t => {
  const path = join(t.testdir({}), 'cache.snapshot')
  const { app, clock, get } = await startService(t, { CACHE_SNAPSHOT_FILE: path })
  await app.listen({ port: 0 })
  await get('/users/one/playlists')
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('G')
  await once(app.server, 'connection')
  const closing = app.close()
  await until(() => existsSync(path))
  t.notOk(socket.readableEnded, 'while a connection is open')
  socket.resume()
  await closeThrough(closing, clock)
})

t.test('a service that is not listening closes without a delay', async t => {
  const { app } = await startService(t, { SHUTDOWN_DELAY_MS: '500' })
  await app.ready()
  await t.resolves(app.close())
})

/** The next check closes the newly idle connection. */
async function closeThrough(closing: Promise<unknown>, clock: ManualClock): Promise<void> {
  let isClosed = false
  closing.then(() => {
    isClosed = true
  })
  while (!isClosed) await clock.advance(100)
}

t.test('a draining service also sends Connection: close on fast path hits', async t => {
  const variables = { SHUTDOWN_DELAY_MS: '1000' }
  const { app, clock } = await startService(t, variables, undefined, { logLevel: 'info' })
  const url = await app.listen({ port: 0 })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const ask = async () => {
    const [response] = (await once(
      httpGet(`${url}/users/one/playlists`, { agent }),
      'response',
    )) as [IncomingMessage]
    await text(response)
    return response.headers
  }
  await ask()
  await ask()
  t.match(await ask(), { 'cache-status': /hit/, connection: 'keep-alive' })
  const closing = app.close()
  await until(() => clock.pending.includes(1000))
  t.match(await ask(), { 'cache-status': /hit/, connection: 'close' })
  await closeThrough(closing, clock)
})

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

t.test('while it closes, the service answers what is under way and says goodbye', async t => {
  const { app, sandbox, clock } = await startService(t)
  const url = await app.listen({ port: 0 })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const ask = async (path: string) => {
    const [response] = (await once(httpGet(url + path, { agent }), 'response')) as [IncomingMessage]
    return { status: response.statusCode, headers: response.headers, body: await text(response) }
  }
  // Two connections: one that is idle when the service closes, one that turns idle afterwards.
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
  t.same(clock.pending, [], 'no timer is left')
})

t.test('a service that drains is not ready and asks its callers to leave', async t => {
  const { app, clock } = await startService(t)
  await app.listen({ port: 0 })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  const [connection] = (await once(app.server, 'connection')) as [Socket]
  // A request that has begun to arrive keeps its connection open while the service closes.
  socket.write('GET /health/ready HTTP/1.1\r\nHost: x\r\n')
  await until(() => connection.bytesRead > 0)
  const closing = app.close()
  await until(() => !app.server.listening)
  socket.write('\r\n')
  const answer = await text(socket)
  t.match(answer, /^HTTP\/1\.1 503 [\s\S]*Connection: close[\s\S]*shutting-down/)
  await closeThrough(closing, clock)
})

t.test('for SHUTDOWN_DELAY_MS it still accepts connections, and is not ready', async t => {
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
  t.equal(lookup.status, 200, 'who did not notice gets an answer all the same')
  t.equal(lookup.headers.get('connection'), 'close')
  t.notOk(idle.readableEnded, 'nobody was sent away unasked')
  const ended = once(idle, 'close')
  idle.resume()
  await closeThrough(closing, clock)
  await ended
  await t.rejects(fetch(url), { cause: { code: 'ECONNREFUSED' } })
})

t.test('a caller who waits for a token that never arrives gets an answer in time', async t => {
  const { app, sandbox, clock } = await startService(t, { SPOTIFY_TIMEOUT_MS: '20000' })
  sandbox.hold('token')
  const url = await app.listen({ port: 0 })
  const answer = fetch(`${url}/users/one/playlists`)
  await once(app.server, 'request')
  const closing = app.close()
  await until(() => clock.pending.includes(6000))
  await clock.advance(6000)
  t.match(await (await answer).json(), { type: '/problems/shutting-down', status: 503 })
  await closeThrough(closing, clock)
})

t.test('the snapshot is written as soon as the service is asked to stop', async t => {
  const path = join(t.testdir({}), 'cache.snapshot')
  const { app, clock, get } = await startService(t, { CACHE_SNAPSHOT_FILE: path })
  await app.listen({ port: 0 })
  await get('/users/one/playlists')
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('G')
  await once(app.server, 'connection')
  const closing = app.close()
  await until(() => existsSync(path))
  t.notOk(socket.readableEnded, 'while a caller holds up the end')
  socket.resume()
  await closeThrough(closing, clock)
})

t.test('a service that does not listen closes without a delay', async t => {
  const { app } = await startService(t, { SHUTDOWN_DELAY_MS: '500' })
  await app.ready()
  await t.resolves(app.close())
})

/** The connection that turned idle after closing began is closed at the next look. */
async function closeThrough(closing: Promise<unknown>, clock: ManualClock): Promise<void> {
  let isClosed = false
  closing.then(() => {
    isClosed = true
  })
  while (!isClosed) await clock.advance(100)
}

import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { nodeArguments, startServer } from './support/server-process.ts'
import { until } from './support/until.ts'

t.test('a request in flight at SIGTERM gets its response', async t => {
  const { sandbox, service } = await startServer(t)
  const release = sandbox.hold('api')
  const response = fetch(`${service.url}/users/one/playlists`)
  await sandbox.arrived('api', 1)
  const stopped = service.stop()
  release()
  t.equal((await response).status, 200)
  t.equal(await stopped, 0)
})

t.test('an incomplete request does not keep a stopping service alive', async t => {
  const environment = { SHUTDOWN_TIMEOUT_MS: '2000' }
  const { service } = await startServer(t, { environment })
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  // Sends a complete request and the start of another. The response shows the service has read both.
  const whole = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'
  socket.write(`${whole}GET /health/live HTTP/1.1\r\nHost: x\r\n`)
  await once(socket, 'data')
  t.equal(await service.stop(), 0)
})

t.test('a lookup waiting for Spotify during shutdown gets a problem', async t => {
  const environment = { SHUTDOWN_TIMEOUT_MS: '4000' }
  const { sandbox, service } = await startServer(t, { environment })
  sandbox.fault({ on: 'api', answer: 'hang' })
  const pending = fetch(`${service.url}/users/one/playlists`)
  await sandbox.arrived('api', 1)
  const stopped = service.stop()
  const response = await pending
  t.match(await response.json(), { type: '/problems/shutting-down', status: 503 })
  t.equal(response.headers.get('connection'), 'close')
  t.equal(await stopped, 0)
})

t.test('after a second signal the service exits at once with code 1', async t => {
  const environment = { SHUTDOWN_DELAY_MS: '60000', SHUTDOWN_TIMEOUT_MS: '120000' }
  const { service } = await startServer(t, { environment })
  const first = service.stop()
  await until(() => service.log.at(-1)?.includes('"msg":"stopping"') === true)
  t.equal(await service.stop('SIGINT'), 1)
  t.equal(await first, 1)
  t.match(service.log.at(-1), 'second SIGINT, exiting')
})

t.test('a connection without a request does not keep a stopping service alive', async t => {
  const { service } = await startServer(t)
  const silent = connect(Number(new URL(service.url).port), '127.0.0.1')
  await once(silent, 'connect')
  t.equal(await service.stop(), 0)
})

t.test('after an uncaught exception the service logs it and exits with code 1', async t => {
  const bug = 'process.once("SIGUSR1", () => { throw new Error("a bug") })'
  const { service } = await startServer(t, {
    nodeArguments: [`--import=data:text/javascript,${encodeURIComponent(bug)}`, ...nodeArguments],
  })
  t.equal(await service.stop('SIGUSR1'), 1)
  const fatal = service.log.map(line => JSON.parse(line)).filter(({ level }) => level === 'fatal')
  t.match(fatal, [{ msg: 'stopping after a bug', err: { message: 'a bug' } }])
})

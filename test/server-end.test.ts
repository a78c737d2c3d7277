import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { loaderArguments } from './support/loader-arguments.ts'
import { until } from './support/until.ts'

// With these arguments the child is compiled like this test, and its coverage counts.
const nodeArguments = [...loaderArguments, 'src/server.ts']

async function sandboxFor(t: Test) {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  return sandbox
}

t.test('a request in flight at SIGTERM gets its response', async t => {
  const sandbox = await sandboxFor(t)
  const service = await startServiceProcess({ sandbox, nodeArguments })
  const release = sandbox.hold('api')
  const response = fetch(`${service.url}/users/one/playlists`)
  await sandbox.arrived('api', 1)
  const stopped = service.stop()
  release()
  t.equal((await response).status, 200)
  t.equal(await stopped, 0)
})

t.test('an incomplete request does not prevent the exit', async t => {
  const sandbox = await sandboxFor(t)
  const environment = { SHUTDOWN_TIMEOUT_MS: '2000' }
  const service = await startServiceProcess({ sandbox, nodeArguments, environment })
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  // After a complete request an incomplete one, which has begun when the first response arrives.
  const whole = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'
  socket.write(`${whole}GET /health/live HTTP/1.1\r\nHost: x\r\n`)
  await once(socket, 'data')
  t.equal(await service.stop(), 0)
})

t.test('a lookup that waits for Spotify during shutdown gets a problem', async t => {
  const sandbox = await sandboxFor(t)
  const environment = { SHUTDOWN_TIMEOUT_MS: '4000' }
  const service = await startServiceProcess({ sandbox, nodeArguments, environment })
  sandbox.fault({ on: 'api', answer: 'hang' })
  const pending = fetch(`${service.url}/users/one/playlists`)
  await sandbox.arrived('api', 1)
  const stopped = service.stop()
  const response = await pending
  t.match(await response.json(), { type: '/problems/shutting-down', status: 503 })
  t.equal(response.headers.get('connection'), 'close')
  t.equal(await stopped, 0)
})

t.test('a second signal exits at once with code 1', async t => {
  const sandbox = await sandboxFor(t)
  const environment = { SHUTDOWN_DELAY_MS: '60000', SHUTDOWN_TIMEOUT_MS: '120000' }
  const service = await startServiceProcess({ sandbox, nodeArguments, environment })
  const first = service.stop()
  await until(() => service.log.at(-1)?.includes('"msg":"stopping"') === true)
  t.equal(await service.stop('SIGINT'), 1)
  t.equal(await first, 1)
  t.match(service.log.at(-1), 'second SIGINT, exiting')
})

t.test('a silent connection does not delay the exit', async t => {
  const sandbox = await sandboxFor(t)
  const service = await startServiceProcess({ sandbox, nodeArguments })
  const silent = connect(Number(new URL(service.url).port), '127.0.0.1')
  await once(silent, 'connect')
  t.equal(await service.stop(), 0)
})

t.test('the process logs a bug and exits with code 1', async t => {
  const sandbox = await sandboxFor(t)
  const bug = 'process.once("SIGUSR1", () => { throw new Error("a bug") })'
  const service = await startServiceProcess({
    sandbox,
    nodeArguments: [`--import=data:text/javascript,${encodeURIComponent(bug)}`, ...nodeArguments],
  })
  t.equal(await service.stop('SIGUSR1'), 1)
  const fatal = service.log.map(line => JSON.parse(line)).filter(({ level }) => level === 'fatal')
  t.match(fatal, [{ msg: 'stopping after a bug', err: { message: 'a bug' } }])
})

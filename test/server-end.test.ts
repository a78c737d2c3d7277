import { once } from 'node:events'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { loaderArguments } from './support/loader-arguments.ts'
import { until } from './support/until.ts'

// With these arguments the child is compiled, and its coverage counted, like this test.
const nodeArguments = [...loaderArguments, 'src/server.ts']

async function sandboxFor(t: Test) {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  return sandbox
}

t.test('a request under way when SIGTERM comes is answered', async t => {
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

t.test('a request that never arrives whole does not keep the process from ending', async t => {
  const sandbox = await sandboxFor(t)
  const environment = { SHUTDOWN_TIMEOUT_MS: '2000' }
  const service = await startServiceProcess({ sandbox, nodeArguments, environment })
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  // Behind a whole request one that never ends, which has begun when the first is answered.
  const whole = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'
  socket.write(`${whole}GET /health/live HTTP/1.1\r\nHost: x\r\n`)
  await once(socket, 'data')
  t.equal(await service.stop(), 0)
})

t.test('who still waits for Spotify near the end gets an answer', async t => {
  const sandbox = await sandboxFor(t)
  const environment = { SHUTDOWN_TIMEOUT_MS: '4000' }
  const service = await startServiceProcess({ sandbox, nodeArguments, environment })
  sandbox.fault({ on: 'api', answer: 'hang' })
  const response = fetch(`${service.url}/users/one/playlists`)
  await sandbox.arrived('api', 1)
  const stopped = service.stop()
  const answer = await response
  t.match(await answer.json(), { type: '/problems/shutting-down', status: 503 })
  t.equal(answer.headers.get('connection'), 'close')
  t.equal(await stopped, 0)
})

t.test('a second signal ends it at once, as the exit code tells', async t => {
  const sandbox = await sandboxFor(t)
  const environment = { SHUTDOWN_DELAY_MS: '60000', SHUTDOWN_TIMEOUT_MS: '120000' }
  const service = await startServiceProcess({ sandbox, nodeArguments, environment })
  const first = service.stop()
  await until(() => service.log.at(-1)?.includes('"msg":"stopping"') === true)
  t.equal(await service.stop('SIGINT'), 1)
  t.equal(await first, 1)
  t.match(service.log.at(-1), 'second SIGINT, exiting')
})

t.test('a connection that never says anything holds nothing up', async t => {
  const sandbox = await sandboxFor(t)
  const service = await startServiceProcess({ sandbox, nodeArguments })
  const silent = connect(Number(new URL(service.url).port), '127.0.0.1')
  await once(silent, 'connect')
  t.equal(await service.stop(), 0)
})

t.test('a bug ends the process with exit code 1 after logging it', async t => {
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

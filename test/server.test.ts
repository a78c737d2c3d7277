import { once } from 'node:events'
import { Agent, get as httpGet } from 'node:http'
import { connect } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { startSandbox } from '../sandbox/sandbox.ts'
import { spawnService, startServiceProcess } from '../sandbox/service-process.ts'
import { until } from './support/until.ts'

// With these arguments the child is compiled, and its coverage counted, like this test.
const nodeArguments = [...process.execArgv, 'src/server.ts']

async function sandboxFor(t: Test) {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  return sandbox
}

t.test('the service answers, and SIGTERM ends it with idle connections open', async t => {
  const sandbox = await sandboxFor(t)
  const lines: string[] = []
  const onLine = (line: string) => lines.push(line)
  const spawned: unknown[] = []
  const onSpawn = (child: unknown) => spawned.push(child)
  const service = await startServiceProcess({ sandbox, nodeArguments, onLine, onSpawn })
  t.same(spawned, [service.child])
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const [response] = await once(
    httpGet(`${service.url}/users/smedjan/playlists`, { agent }),
    'response',
  )
  const answer = JSON.parse((await buffer(response)).toString())
  t.match(answer, { total: 120, complete: true, href: `${service.url}/users/smedjan/playlists` })
  t.equal(await service.stop(), 0)
  t.equal(await service.stop(), 0, 'it has already ended')
  t.match(service.log.at(-1), '"msg":"stopping"')
  t.same(lines, service.log)
})

t.test('what somebody has set for a service of their own does not reach this one', async t => {
  const sandbox = await sandboxFor(t)
  process.env.LOG_LEVEL = 'silent'
  t.teardown(() => {
    delete process.env.LOG_LEVEL
  })
  const service = await startServiceProcess({ sandbox, nodeArguments })
  t.equal(await service.stop(), 0)
})

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

t.test(
  'what does not finish in SHUTDOWN_TIMEOUT_MS is cut off, as the exit code tells',
  async t => {
    const sandbox = await sandboxFor(t)
    const environment = { SHUTDOWN_DELAY_MS: '0', SHUTDOWN_TIMEOUT_MS: '100' }
    const service = await startServiceProcess({ sandbox, nodeArguments, environment })
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1')
    t.teardown(() => socket.destroy())
    // Behind a whole request one that never ends, which has begun when the first is answered.
    const whole = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'
    socket.write(`${whole}GET /health/live HTTP/1.1\r\nHost: x\r\n`)
    await once(socket, 'data')
    t.equal(await service.stop(), 1)
  },
)

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
  const fatal = service.log.map(line => JSON.parse(line)).filter(({ level }) => level === 60)
  t.match(fatal, [{ msg: 'stopping after a bug', err: { message: 'a bug' } }])
})

t.test('a port that is taken ends it with a clear line', async t => {
  const sandbox = await sandboxFor(t)
  const environment = { PORT: String(sandbox.port) }
  const child = spawnService({ sandbox, nodeArguments, environment })
  const log = text(child.stdout as NodeJS.ReadableStream)
  t.same(await once(child, 'exit'), [1, null])
  t.match(await log, /"msg":"cannot listen"/)
  t.match(await log, /EADDRINUSE/)
  await t.rejects(startServiceProcess({ sandbox, nodeArguments, environment }), /exit code 1/)
})

t.test('a bad configuration ends it with every fault and no value', async t => {
  const sandbox = { apiUrl: 'ftp://x', tokenUrl: '', clientId: 'a b', clientSecret: '' }
  const environment = { PORT: 'eighty', SPOTIFY_CLIENT_SECRET_FILE: '/no/such/file' }
  const child = spawnService({ sandbox, nodeArguments, environment, stderr: 'pipe' })
  const message = text(child.stderr as NodeJS.ReadableStream)
  t.same(await once(child, 'exit'), [1, null])
  for (const name of [
    'SPOTIFY_API_URL',
    'SPOTIFY_CLIENT_ID',
    'PORT',
    'SPOTIFY_CLIENT_SECRET_FILE',
  ]) {
    t.match(await message, new RegExp(`^  ${name}: `, 'm'))
  }
  t.notMatch(await message, /eighty|ftp|a b/)
})

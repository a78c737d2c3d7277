import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'

const LIMIT_MS = 4000

/** Starts the built service with a snapshot file. */
async function serviceFor(t: Test, prepare: (sandbox: Sandbox) => void = () => {}) {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  prepare(sandbox)
  const snapshot = join(t.testdir({}), 'cache.snapshot')
  const service = await startServiceProcess({
    sandbox,
    environment: {
      CACHE_SNAPSHOT_FILE: snapshot,
      SHUTDOWN_TIMEOUT_MS: String(LIMIT_MS),
      SPOTIFY_TIMEOUT_MS: '60000',
      LOOKUP_TIMEOUT_MS: '60000',
    },
  })
  t.teardown(() => service.stop('SIGKILL'))
  const list = (user: string) => fetch(`${service.url}/users/${user}/playlists`)
  /** Connects a caller that writes these bytes, reads nothing and never closes the connection. */
  const caller = async (bytes: string) => {
    const { port } = new URL(service.url)
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    t.teardown(() => socket.destroy())
    await new Promise(resolve => socket.write(bytes, resolve))
  }
  const stop = async () => {
    const startMs = performance.now()
    const exitCode = await service.stop()
    return { exitCode, isInTime: performance.now() - startMs < LIMIT_MS }
  }
  return { sandbox, snapshot, list, caller, stop }
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
const BYTES = {
  'a single byte': 'G',
  'half a request line': 'GET /users/on',
  'unfinished header fields': 'GET /users/one/playlists HTTP/1.1\r\nHost: x\r\n',
  'half a POST body':
    'POST /nope HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n[1',
  'unread responses': get('/users/collector/playlists').repeat(20),
  'a request for an upgrade':
    'GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
}

for (const [name, bytes] of Object.entries(BYTES)) {
  t.test(`the built service stops in time and writes its snapshot despite ${name}`, async t => {
    const { sandbox, snapshot, list, caller, stop } = await serviceFor(t)
    t.equal((await list('collector')).status, 200)
    await caller(bytes)
    sandbox.latencyMs = 500
    const inFlight = list('one')
    await sandbox.arrived('api', 41)
    t.same(await stop(), { exitCode: 0, isInTime: true })
    t.equal((await inFlight).status, 200)
    t.ok(existsSync(snapshot))
  })
}

t.test('a caller waiting for a token at shutdown gets a response', async t => {
  const { list, stop } = await serviceFor(t, sandbox => {
    sandbox.hold('token')
  })
  const waiting = list('one')
  // Once the service has responded to a later request, it has received this one.
  await list('%20')
  t.same(await stop(), { exitCode: 0, isInTime: true })
  t.match(await (await waiting).json(), { type: '/problems/shutting-down', status: 503 })
})

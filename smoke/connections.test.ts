import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { json, text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startSandbox } from '../sandbox/sandbox.ts'
import { type ServiceProcessOptions, startServiceProcess } from '../sandbox/service-process.ts'

// The first test takes as long as connections are allowed to stall.
t.jobs = 2

const OPEN_FILES = 160
const CALLERS = 200

/** Starts the built service, with a client that keeps the connection open. */
async function serviceFor(t: Test, options: Partial<ServiceProcessOptions>) {
  const sandbox = await startSandbox()
  t.teardown(() => sandbox.close())
  const service = await startServiceProcess({ sandbox, ...options })
  t.teardown(() => service.stop('SIGKILL'))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const ask = async (path: string) => {
    const [response] = await once(get(service.url + path, { agent }), 'response')
    return response as IncomingMessage
  }
  const open = () => {
    const { port } = new URL(service.url)
    const socket = connect({ port: Number(port), host: '127.0.0.1' }).on('error', () => {})
    t.teardown(() => socket.destroy())
    return socket
  }
  const closed = async (reason: string) => {
    const metrics = await text(await ask('/metrics'))
    return Number(new RegExp(`closed_total{reason="${reason}"} (\\d+)`).exec(metrics)?.[1])
  }
  return { ask, open, closed }
}

t.test('the service closes a connection when the caller has not read for 30 s', async t => {
  const log: { msg: string }[] = []
  const { ask, open, closed } = await serviceFor(t, {
    environment: { LOG_LEVEL: 'debug' },
    onLine: line => log.push(JSON.parse(line)),
  })
  t.match(await json(await ask('/users/collector/playlists')), { total: 2000 })
  const startMs = performance.now()
  open().pause().write('GET /users/collector/playlists HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20))
  while ((await closed('stalled')) === 0) await sleep(500)
  const seconds = (performance.now() - startMs) / 1000
  t.ok(seconds >= 30 && seconds < 60, `${seconds} s`)
  t.ok(log.some(({ msg }) => msg === 'closed a connection: its client does not read'))
})

t.test(
  'connections beyond the limit on open files are dropped, and lookups still work',
  async t => {
    const warnings: { dropped: number; max_connections: number }[] = []
    const { ask, open, closed } = await serviceFor(t, {
      launcher: ['sh', '-c', `ulimit -n ${OPEN_FILES}; exec "$@"`, 'sh'],
      onLine: line => {
        if (line.includes('too many connections')) warnings.push(JSON.parse(line))
      },
    })
    t.equal((await text(await ask('/health/live'))).length, 18)
    const callers = Array.from({ length: CALLERS }, open)
    const max = OPEN_FILES - 64 - 8
    const dropped = CALLERS - (max - 1)
    await Promise.all(callers.map(caller => once(caller, 'connect')))
    while ((await closed('limit')) < dropped) await sleep(50)
    t.equal(await closed('limit'), dropped)
    t.match(warnings, [{ dropped: 1, max_connections: max }])
    t.match(await json(await ask('/users/fifty/playlists')), { total: 50 })
  },
)

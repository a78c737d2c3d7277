import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { type Scenario, Stats, type TimedResponse } from './stats.ts'

const ROUNDS = 5
const CONNECTIONS = 50
const IDLE_CONNECTIONS = 5
const EVERY_MS = 2
/** Duration of the request in flight when the signal arrives. */
const LONGEST_REQUEST_MS = 800
const LOAD_BEFORE_MS = 1000
/** One in this many requests is a readiness probe, as from a load balancer every 100 ms. */
const PROBE_EVERY = 50
/** More than a round needs. Limits the load on a service that never stops being ready. */
const MAX_REQUESTS = 5000

/** Result of a round, in which callers send requests until the instance is not ready. */
interface Round {
  readonly exitCode: number | null
  /** From the signal to process exit. */
  readonly exitedMs: number
  /** Error codes for requests without a response. */
  readonly lost: readonly string[]
  readonly longRequestStatus: number
}

function client(url: string, agent: Agent) {
  return async (path: string): Promise<TimedResponse> => {
    const startMs = performance.now()
    const [response] = await once(get(url + path, { agent }), 'response')
    const body = await text(response)
    const { statusCode: status, headers } = response
    return { status, headers, body, durationMs: performance.now() - startMs }
  }
}

/** Starts an instance, stops it under load, and adds the responses to the stats. */
export async function endUnderLoad(stats: Stats): Promise<Round> {
  const sandbox = await startSandbox()
  const service = await startServiceProcess({ sandbox })
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'fifo' })
  const ask = client(service.url, agent)
  await Promise.all(Array.from({ length: CONNECTIONS }, () => ask('/users/smedjan/playlists')))
  for (let nth = 0; nth < IDLE_CONNECTIONS; nth++) {
    const idle = connect(Number(new URL(service.url).port), '127.0.0.1').resume()
    if (nth > 0) idle.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
    idle.on('error', () => {})
  }

  const lost: string[] = []
  const requests: Promise<unknown>[] = []
  let isReady = true
  const load = async () => {
    for (let nth = 0; isReady && nth < MAX_REQUESTS; nth++) {
      const isProbe = nth % PROBE_EVERY === 0
      const request = ask(isProbe ? '/health/ready' : '/users/smedjan/playlists').then(
        response => {
          if (isProbe) isReady = response.status === 200
          else stats.add(response)
        },
        (error: NodeJS.ErrnoException) => {
          lost.push(error.code ?? error.message)
        },
      )
      requests.push(request)
      await sleep(EVERY_MS)
    }
    await Promise.all(requests)
  }
  const loaded = load()
  await sleep(LOAD_BEFORE_MS)
  sandbox.latencyMs = LONGEST_REQUEST_MS
  const long = client(service.url, new Agent())('/users/one/playlists')
  await sandbox.arrived('api', 4)
  const signalledMs = performance.now()
  const exitCode = await service.stop()
  const exitedMs = performance.now() - signalledMs
  await loaded
  const { status: longRequestStatus } = await long
  agent.destroy()
  await sandbox.close()
  return { exitCode, exitedMs, lost, longRequestStatus }
}

/** Shutdowns under load. */
export const drains: Scenario[] = [
  {
    title: `SIGTERM in real time: 500 requests a second, ${ROUNDS} rounds`,
    async run() {
      const stats = new Stats()
      const rounds: Round[] = []
      for (let nth = 0; nth < ROUNDS; nth++) rounds.push(await endUnderLoad(stats))
      const slowestMs = Math.round(Math.max(...rounds.map(({ exitedMs }) => exitedMs)))
      const allowedMs = LONGEST_REQUEST_MS + 1000
      const lost = rounds.flatMap(({ lost }) => lost)
      return {
        stats,
        spotifyRequests: 4 * ROUNDS,
        thresholds: [
          [`none of ${stats.responses.length} requests is lost: ${lost}`, lost.length === 0],
          ['every response is 200', stats.responses.every(({ status }) => status === 200)],
          [
            'the request in flight gets its response',
            rounds.every(({ longRequestStatus }) => longRequestStatus === 200),
          ],
          ['exit code 0', rounds.every(({ exitCode }) => exitCode === 0)],
          [`exited after ${slowestMs} ms, allowed ${allowedMs} ms`, slowestMs <= allowedMs],
        ],
      }
    },
  },
]

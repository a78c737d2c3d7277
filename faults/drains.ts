import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { type Answer, type Scenario, Tally } from './tally.ts'

const ROUNDS = 5
const CONNECTIONS = 50
const IDLE_CONNECTIONS = 5
const EVERY_MS = 2
/** Under way when the signal comes. */
const LONGEST_REQUEST_MS = 800
const LOAD_BEFORE_MS = 1000
/** As a load balancer does it, every 100 ms. */
const PROBE_EVERY = 50
/** More than any round needs; it only keeps a service that stays ready from being asked for ever. */
const MAX_REQUESTS = 5000

/** What callers met who asked until they heard that the instance is no longer ready. */
interface Round {
  readonly exitCode: number | null
  /** From the signal to the end of the process. */
  readonly endedMs: number
  /** Codes of the errors of requests that were sent and not answered. */
  readonly lost: readonly string[]
  readonly longRequestStatus: number
}

function asker(url: string, agent: Agent) {
  return async (path: string): Promise<Answer> => {
    const startMs = performance.now()
    const [response] = await once(get(url + path, { agent }), 'response')
    const body = await text(response)
    const { statusCode: status, headers } = response
    return { status, headers, body, durationMs: performance.now() - startMs }
  }
}

/** Starts an instance and ends it while it is being asked; what was answered goes to the tally. */
export async function endUnderLoad(tally: Tally): Promise<Round> {
  const sandbox = await startSandbox()
  const service = await startServiceProcess({ sandbox })
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, scheduling: 'fifo' })
  const ask = asker(service.url, agent)
  await Promise.all(Array.from({ length: CONNECTIONS }, () => ask('/users/smedjan/playlists')))
  for (let nth = 0; nth < IDLE_CONNECTIONS; nth++) {
    const idle = connect(Number(new URL(service.url).port), '127.0.0.1').resume()
    if (nth > 0) idle.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
    idle.on('error', () => {})
  }

  const lost: string[] = []
  const asked: Promise<unknown>[] = []
  let isReady = true
  const load = async () => {
    for (let nth = 0; isReady && nth < MAX_REQUESTS; nth++) {
      const isProbe = nth % PROBE_EVERY === 0
      const answered = ask(isProbe ? '/health/ready' : '/users/smedjan/playlists').then(
        answer => {
          if (isProbe) isReady = answer.status === 200
          else tally.add(answer)
        },
        (error: NodeJS.ErrnoException) => {
          lost.push(error.code ?? error.message)
        },
      )
      asked.push(answered)
      await sleep(EVERY_MS)
    }
    await Promise.all(asked)
  }
  const loaded = load()
  await sleep(LOAD_BEFORE_MS)
  sandbox.latencyMs = LONGEST_REQUEST_MS
  const long = asker(service.url, new Agent())('/users/one/playlists')
  await sandbox.arrived('api', 4)
  const signalledMs = performance.now()
  const exitCode = await service.stop()
  const endedMs = performance.now() - signalledMs
  await loaded
  const { status: longRequestStatus } = await long
  agent.destroy()
  await sandbox.close()
  return { exitCode, endedMs, lost, longRequestStatus }
}

/** The end of an instance that callers are still asking. */
export const drains: Scenario[] = [
  {
    title: `SIGTERM in real time: 500 requests a second, ${ROUNDS} rounds`,
    async run() {
      const tally = new Tally()
      const rounds: Round[] = []
      for (let nth = 0; nth < ROUNDS; nth++) rounds.push(await endUnderLoad(tally))
      const slowestMs = Math.round(Math.max(...rounds.map(({ endedMs }) => endedMs)))
      const allowedMs = LONGEST_REQUEST_MS + 1000
      const lost = rounds.flatMap(({ lost }) => lost)
      return {
        tally,
        spotifyRequests: 4 * ROUNDS,
        bars: [
          [`none of ${tally.answers.length} requests is lost: ${lost}`, lost.length === 0],
          ['every answer is 200', tally.answers.every(({ status }) => status === 200)],
          [
            'what is under way is answered',
            rounds.every(({ longRequestStatus }) => longRequestStatus === 200),
          ],
          ['exit code 0', rounds.every(({ exitCode }) => exitCode === 0)],
          [`ended after ${slowestMs} ms, allowed ${allowedMs} ms`, slowestMs <= allowedMs],
        ],
      }
    },
  },
]

import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { residentOf } from '../bench/resident.ts'
import { type AnswerName, startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import { type Stats, scenariosIn, type TimedResponse } from './stats.ts'

/** Runs the built service in a separate process, in front of a sandbox, in real time. */
async function startProcessLab(environment: Record<string, string>) {
  let sandbox = await startSandbox()
  const service = await startServiceProcess({ sandbox, environment })
  // Each caller has a socket, as in reality, but beyond 1000 the system resets connections waiting to be
  // accepted.
  const pool = new Pool(service.url, { connections: 1000 })
  await sandbox.arrived('token', 1)

  const ask = async (user: string, stats?: Stats): Promise<TimedResponse> => {
    const startMs = performance.now()
    const path = `/users/${encodeURIComponent(user)}/playlists`
    const { statusCode: status, headers, body } = await pool.request({ path, method: 'GET' })
    const text = await body.text()
    const response = { status, headers, body: text, durationMs: performance.now() - startMs }
    return stats === undefined ? response : stats.add(response)
  }

  return {
    ask,
    get sandbox() {
      return sandbox
    },
    /** Looks up the users in turn, one every `everyMs`, without waiting for responses. */
    async load(users: string[], durationMs: number, stats: Stats, everyMs = 4): Promise<void> {
      const lookups: Promise<TimedResponse>[] = []
      const startMs = performance.now()
      for (let nth = 0; performance.now() - startMs < durationMs; nth++) {
        lookups.push(ask(String(users[nth % users.length]), stats))
        await sleep(everyMs)
      }
      await Promise.all(lookups)
    },
    /** Applies the fault to every Web API request. Returns a function to remove it. */
    fault: (answer: AnswerName) => sandbox.fault({ on: 'api', answer }),
    /** Closes the Spotify port. Returns a function to open it again. */
    async unplug(): Promise<() => Promise<void>> {
      const { port } = sandbox
      await sandbox.close()
      return async () => {
        sandbox = await startSandbox({ port })
        // The sandbox issues the same tokens in the same order, so it recognises the current token again.
        await fetch(sandbox.tokenUrl, {
          method: 'POST',
          headers: {
            authorization: `Basic ${btoa(`${sandbox.clientId}:${sandbox.clientSecret}`)}`,
            'content-type': 'application/x-www-form-urlencoded',
          },
          body: 'grant_type=client_credentials',
        })
      }
    },
    /** How many Web API requests the service has sent, even if they did not arrive. */
    async sent(): Promise<number> {
      const { body } = await pool.request({ path: '/status', method: 'GET' })
      const { spotify } = (await body.json()) as { spotify: { requests_24h: number } }
      return spotify.requests_24h
    },
    /** Reads the resident memory of the service in bytes; NaN after its end, or without /proc. */
    residentBytes(): number {
      try {
        return residentOf(Number(service.child.pid)).nowBytes
      } catch {
        return Number.NaN
      }
    },
    isAlive: () => service.child.exitCode === null,
    async close(): Promise<void> {
      await pool.close()
      await service.stop()
      await sandbox.close()
    },
  }
}

export type ProcessLab = Awaited<ReturnType<typeof startProcessLab>>

/** Creates a scenario in real time. */
export const real = scenariosIn(startProcessLab)

import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import type { Answer as FaultAnswer } from '../sandbox/answer.ts'
import { type AnswerName, answers } from '../sandbox/answers.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { startServiceProcess } from '../sandbox/service-process.ts'
import type { Answer, Result, Scenario, Tally } from './tally.ts'

/** The built service as a process of its own in front of a sandbox, in real time. */
export async function startProcessLab(environment: Record<string, string> = {}) {
  let sandbox = await startSandbox()
  const service = await startServiceProcess({ sandbox, environment })
  // A socket for each caller, as callers have; but no more at once than the queue of a listening
  // socket and its accepting process can take, beyond which the system itself resets some.
  const pool = new Pool(service.url, { connections: 1000 })
  await sandbox.arrived('token', 1)

  const ask = async (user: string, tally?: Tally): Promise<Answer> => {
    const startMs = performance.now()
    const path = `/users/${encodeURIComponent(user)}/playlists`
    const { statusCode: status, headers, body } = await pool.request({ path, method: 'GET' })
    const text = await body.text()
    const answer = { status, headers, body: text, durationMs: performance.now() - startMs }
    return tally === undefined ? answer : tally.add(answer)
  }

  return {
    ask,
    get sandbox() {
      return sandbox
    },
    /** These users ask in turn, one every `everyMs`, for so long; later ones do not wait for earlier. */
    async load(users: string[], durationMs: number, tally: Tally, everyMs = 4): Promise<void> {
      const asked: Promise<Answer>[] = []
      const startMs = performance.now()
      for (let nth = 0; performance.now() - startMs < durationMs; nth++) {
        asked.push(ask(String(users[nth % users.length]), tally))
        await sleep(everyMs)
      }
      await Promise.all(asked)
    },
    /** Lets every Web API request meet this fault from now on; returns its end. */
    fault(answer: AnswerName | FaultAnswer): () => void {
      const act: FaultAnswer = typeof answer === 'function' ? answer : answers[answer]
      return sandbox.fault({ on: 'api', answer: act })
    },
    /** Takes Spotify off the network; returns what brings it back, on the same port. */
    async unplug(): Promise<() => Promise<void>> {
      const { port } = sandbox
      await sandbox.close()
      return async () => {
        sandbox = await startSandbox({ port })
        // It issues the same tokens in the same order, so that the one that is in use is known again.
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
    /** Web API requests that the service has sent, be it that they arrived or not. */
    async sent(): Promise<number> {
      const { body } = await pool.request({ path: '/status', method: 'GET' })
      const { spotify } = (await body.json()) as { spotify: { requests_24h: number } }
      return spotify.requests_24h
    },
    /** Memory of the service's process in bytes; NaN where the system does not tell. */
    residentBytes(): number {
      try {
        const text = readFileSync(`/proc/${service.child.pid}/status`, 'utf8')
        return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) * 1024
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

/** A scenario in real time; `play` gets a lab of its own. */
export function real(
  title: string,
  play: (lab: ProcessLab) => Promise<Result>,
  environment: Record<string, string> = {},
): Scenario {
  return {
    title,
    async run(): Promise<Result> {
      const lab = await startProcessLab(environment)
      try {
        return await play(lab)
      } finally {
        await lab.close()
      }
    },
  }
}

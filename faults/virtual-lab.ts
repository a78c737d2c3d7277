import type { Answer as FaultAnswer } from '../sandbox/answer.ts'
import { type AnswerName, answers } from '../sandbox/answers.ts'
import type { SandboxRequest } from '../sandbox/requests.ts'
import { startService } from '../test/support/service.ts'
import { type Result, Stats, scenariosIn, type TimedResponse } from './stats.ts'

/** A Web API request with a fault. */
export interface FaultedRequest {
  path: string
  atMs: number
}

/**
 * Runs the service in this process, in front of a sandbox, in virtual time: an hour takes only as long as
 * its lookups.
 */
async function startVirtualLab(variables: Record<string, string>) {
  const closing: (() => unknown)[] = []
  const service = await startService(
    { teardown: (close: () => unknown) => void closing.push(close) } as never,
    variables,
  )
  const { app, clock, sandbox, get } = service
  await app.ready()
  await sandbox.arrived('token', 1)
  const stats = new Stats()
  const faulted: FaultedRequest[] = []
  let isHanging = false

  const keys = (variables.API_KEYS ?? '').split(',').map(entry => entry.split(':'))
  /** Header fields for the named caller, by default the first. */
  const headersOf = (caller = keys[0]?.[0]): Record<string, string> => {
    const key = keys.find(([name]) => name === caller)?.[1]
    return key === undefined ? {} : { authorization: `Bearer ${key}` }
  }
  const askAs = async (caller: string | undefined, user: string): Promise<TimedResponse> => {
    const startMs = performance.now()
    const url = `/users/${encodeURIComponent(user)}/playlists`
    const response = await get(url, headersOf(caller))
    const durationMs = performance.now() - startMs
    const { statusCode: status, headers, body } = response
    return stats.add({ status, headers, body, durationMs })
  }
  const ask = (user: string) => askAs(undefined, user)
  const status = async () => (await get('/status', headersOf())).json()

  return {
    ...service,
    stats,
    faulted,
    ask,
    askAs,
    status,
    /** Waits until Spotify has received all requests and, unless hanging, responded to them. */
    async settle(): Promise<void> {
      for (;;) {
        // A step of 0 ms sends retries without a back-off, and reads from the network.
        await clock.advance(0)
        const { spotify } = await status()
        const hasArrived = sandbox.count('api') >= spotify.requests_24h
        if (hasArrived && (isHanging || spotify.in_flight === 0)) return
      }
    },
    /** Applies the fault to Web API requests, by default to all. Returns a function to remove it. */
    fault(
      answer: AnswerName | FaultAnswer,
      match: (request: SandboxRequest) => boolean = () => true,
    ): () => void {
      isHanging = answer === 'hang' || answer === 'drip'
      const act: FaultAnswer = typeof answer === 'function' ? answer : answers[answer]
      const repair = sandbox.fault({
        on: 'api',
        match,
        answer(context) {
          faulted.push({ path: context.request.path, atMs: clock.monotonic() })
          act(context)
        },
      })
      return () => {
        isHanging = false
        repair()
      }
    },
    /** Advances the clock in steps until the work is done. */
    passUntil: <T>(work: Promise<T>, stepMs = 1000) => clock.runUntil(work, stepMs),
    result: (thresholds: Result['thresholds']): Result => ({
      stats,
      spotifyRequests: sandbox.count('api'),
      thresholds,
    }),
    async close(): Promise<void> {
      for (const close of closing) await close()
    },
  }
}

export type VirtualLab = Awaited<ReturnType<typeof startVirtualLab>>

/** Creates a scenario in virtual time. */
export const virtual = scenariosIn(startVirtualLab)

/** The users `prefix0` to `prefix{count-1}`. */
export const users = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

/** How many requests were retries: probes are at least a second apart. */
export function retriesIn(faulted: readonly FaultedRequest[]): number {
  return faulted.filter(({ path, atMs }, index) =>
    faulted.slice(0, index).some(before => before.path === path && atMs - before.atMs < 900),
  ).length
}

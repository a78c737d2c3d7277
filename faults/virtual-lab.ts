import type { Answer as FaultAnswer } from '../sandbox/answer.ts'
import { type AnswerName, answers } from '../sandbox/answers.ts'
import type { SandboxRequest } from '../sandbox/requests.ts'
import { startService } from '../test/support/service.ts'
import { type Answer, type Result, Tally } from './tally.ts'

/** A Web API request that met a fault. */
export interface Met {
  path: string
  atMs: number
}

/**
 * The service in this process in front of a sandbox, with time that passes only when a scenario
 * says so: an hour takes as long as its lookups.
 */
export async function startVirtualLab(variables: Record<string, string> = {}) {
  const closing: (() => unknown)[] = []
  const service = await startService(
    { teardown: (close: () => unknown) => void closing.push(close) } as never,
    variables,
  )
  const { app, clock, sandbox, get } = service
  await app.ready()
  await sandbox.arrived('token', 1)
  const tally = new Tally()
  const met: Met[] = []
  let isHanging = false

  const keys = (variables.API_KEYS ?? '').split(',').map(entry => entry.split(':'))
  /** Those of the caller with this name, of the first one when none is given. */
  const headersOf = (caller = keys[0]?.[0]): Record<string, string> => {
    const key = keys.find(([name]) => name === caller)?.[1]
    return key === undefined ? {} : { authorization: `Bearer ${key}` }
  }
  const askAs = async (caller: string | undefined, user: string): Promise<Answer> => {
    const startMs = performance.now()
    const url = `/users/${encodeURIComponent(user)}/playlists`
    const response = await get(url, headersOf(caller))
    const durationMs = performance.now() - startMs
    const { statusCode: status, headers, body } = response
    return tally.add({ status, headers, body, durationMs })
  }
  const ask = (user: string) => askAs(undefined, user)
  const status = async () => (await get('/status', headersOf())).json()

  return {
    ...service,
    tally,
    met,
    ask,
    askAs,
    status,
    /** Waits until all that was sent has arrived and, unless it hangs, has been answered. */
    async settle(): Promise<void> {
      for (;;) {
        // Retries without a back-off leave, and what came in over the network is read.
        await clock.advance(0)
        const { spotify } = await status()
        const hasArrived = sandbox.count('api') >= spotify.requests_24h
        if (hasArrived && (isHanging || spotify.in_flight === 0)) return
      }
    },
    /** Makes Web API requests fail with this fault, all of them by default; returns what ends that. */
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
          met.push({ path: context.request.path, atMs: clock.monotonic() })
          act(context)
        },
      })
      return () => {
        isHanging = false
        repair()
      }
    },
    /** Lets time pass, in steps, until the work is done. */
    async passUntil<T>(work: Promise<T>, stepMs = 1000): Promise<T> {
      let isDone = false
      work.finally(() => (isDone = true)).catch(() => {})
      while (!isDone) {
        await clock.advance(stepMs)
      }
      return work
    },
    result: (bars: Result['bars']): Result => ({
      tally,
      spotifyRequests: sandbox.count('api'),
      bars,
    }),
    async close(): Promise<void> {
      for (const close of closing) await close()
    },
  }
}

export type VirtualLab = Awaited<ReturnType<typeof startVirtualLab>>

/** A scenario in virtual time; `play` gets a lab of its own. */
export function virtual(
  title: string,
  play: (lab: VirtualLab) => Promise<Result>,
  variables: Record<string, string> = {},
) {
  return {
    title,
    async run(): Promise<Result> {
      const lab = await startVirtualLab(variables)
      try {
        return await play(lab)
      } finally {
        await lab.close()
      }
    },
  }
}

/** Users `prefix0` to `prefix{count-1}`. */
export const users = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

/** Requests that were sent again at once: probes are a second apart at least. */
export function retriesIn(met: readonly Met[]): number {
  return met.filter(({ path, atMs }, index) =>
    met.slice(0, index).some(before => before.path === path && atMs - before.atMs < 900),
  ).length
}

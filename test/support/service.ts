import type { Test } from 'tap'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { type AppDependencies, buildApp } from '../../src/app.ts'
import { configFor } from './config.ts'
import { recordingLogger } from './log-lines.ts'
import { ManualClock } from './manual-clock.ts'
import { until } from './until.ts'

/** Tasks of the event loop to wait for: the service decodes one page per task, then may request more. */
const TURNS = 20

/**
 * Starts the service with a sandbox of its own and a manual clock. Service and sandbox stop with the
 * test.
 */
export async function startService(
  t: Pick<Test, 'teardown'>,
  variables: Record<string, string> = {},
  clock = new ManualClock(),
  others: Pick<AppDependencies, 'openFiles'> = {},
) {
  const sandbox = await startSandbox({ now: () => clock.now() })
  const { logger, written, lines } = recordingLogger()
  const config = await configFor(sandbox, variables)
  const app = await buildApp(config, { clock, random: () => 0, logger, ...others })
  t.teardown(async () => {
    await app.close()
    await sandbox.close()
  })
  const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })
  /** Waits until no request to Spotify is in flight, including those of background revalidations. */
  const quiet = async () => {
    for (let turn = 0; turn < TURNS; turn++) {
      await until(() => !clock.pending.includes(config.SPOTIFY_TIMEOUT_MS))
      await clock.advance(0)
    }
  }
  return { app, clock, sandbox, config, written, lines, get, quiet }
}

export type Service = Awaited<ReturnType<typeof startService>>

/** Converts seconds to milliseconds. */
export const seconds = (count: number): number => count * 1000

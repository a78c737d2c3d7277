import type { Level } from 'pino'
import type { Test } from 'tap'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { type AppDependencies, buildApp } from '../../src/app.ts'
import { configFor } from './config.ts'
import { recordingLogger } from './log-lines.ts'
import { ManualClock } from './manual-clock.ts'
import { until } from './until.ts'

/** Base URL for covers, without a port, so lists from all sandboxes have the same bytes. */
const COVERS = 'http://covers.test'

/** Event loop ticks. The service reads one page per tick, and can then request more. */
const TICKS = 20

/** Starts the complete service with a separate sandbox and a manual clock. Both end with the test. */
export async function startService(
  t: Pick<Test, 'teardown'>,
  variables: Record<string, string> = {},
  clock = new ManualClock(),
  {
    logLevel,
    ...others
  }: Pick<AppDependencies, 'openFiles' | 'isTraced'> & { logLevel?: Level } = {},
) {
  const sandbox = await startSandbox({ now: () => clock.now(), publicUrl: COVERS })
  const { logger, written, lines } = recordingLogger(undefined, logLevel)
  const config = await configFor(sandbox, variables)
  const app = await buildApp(config, { clock, random: () => 0, logger, ...others })
  t.teardown(async () => {
    await app.close()
    await sandbox.close()
  })
  const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })
  /** Waits until no request to Spotify is in flight, including background revalidations. */
  const quiet = async () => {
    for (let tick = 0; tick < TICKS; tick++) {
      await until(() => !clock.pending.includes(config.SPOTIFY_TIMEOUT_MS))
      await clock.advance(0)
    }
  }
  return { app, clock, sandbox, config, written, lines, get, quiet }
}

export type Service = Awaited<ReturnType<typeof startService>>

/** Converts seconds to milliseconds, the clock unit. */
export const seconds = (count: number): number => count * 1000

import { Console } from 'node:console'
import { writeSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { Writable } from 'node:stream'
import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.ts'
import { configSummary } from './config/config-summary.ts'
import { loadConfig, otelVariables } from './config/load.ts'
import { misspeltVariables } from './config/misspelt-variables.ts'
import type { Config } from './config/schema.ts'
import type { Clock } from './lib/clock.ts'
import { setGcFlags } from './lib/gc-flags.ts'
import type { LogDestination } from './lib/log-destination.ts'
import { openLog } from './lib/logger.ts'
import { openFileLimit } from './lib/open-files.ts'
import { collectProcessMetrics } from './monitoring/process-metrics.ts'
import { type PreparedTracing, prepareTracing } from './tracing/prepare.ts'

/** The share of SHUTDOWN_TIMEOUT_MS for delivering the last spans. */
const LAST_SPANS_SHARE = 0.1
/** The share of SHUTDOWN_TIMEOUT_MS for writing the last log lines to a slow reader. */
const LAST_LINES_SHARE = 0.02
/**
 * Signals the system sends for a fault in the process. They keep their default action, since the fault
 * would recur whenever a handler returns. https://nodejs.org/api/process.html#signal-events
 */
const FAULT_SIGNALS = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const
const STDOUT = 1
/** What the operator can do when the service cannot listen, by error code. */
const REMEDIES: Record<string, string> = {
  EADDRINUSE: 'another process listens on this port; stop it, or set PORT to a free port',
  EADDRNOTAVAIL: 'set HOST to an address of this machine, such as 0.0.0.0 for all',
}

const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, delayMs).unref()
    return () => clearTimeout(timer)
  },
}

/**
 * Runs the service: reads the configuration, listens, and stops on a signal or a bug. Calls
 * `releaseSignals` as soon as it handles signals itself.
 */
export async function start(releaseSignals: () => void): Promise<void> {
  setGcFlags(availableParallelism())
  const config = await loadConfig(process.env, '.env').catch((error: Error) => {
    // There is no logger until the configuration is loaded, and this message is for a person.
    console.error(error.message)
    process.exit(1)
  })
  Object.assign(process.env, otelVariables(process.env, '.env'))
  await run(config, await prepareTracing(process.env), releaseSignals)
}

async function run(
  config: Config,
  prepared: PreparedTracing,
  releaseSignals: () => void,
): Promise<void> {
  const write = (bytes: Uint8Array) => writeSync(STDOUT, bytes)
  const options = { write, clock: systemClock }
  const { logger, destination } = openLog(config.LOG_LEVEL, options, prepared.logIds)
  redirectConsole(destination)
  logger.info(configSummary(config, prepared.logIds !== undefined), 'starting')
  for (const warning of misspeltVariables(process.env, '.env')) logger.warn(warning)
  const tracing = prepared.start(logger, systemClock)
  const app = await buildApp(config, {
    clock: tracing.clock,
    isTraced: prepared.logIds !== undefined,
    runInBackground: tracing.runInBackground,
    random: Math.random,
    logger,
    processMetrics: collectProcessMetrics(() => destination.dropped),
    openFiles: openFileLimit(),
  }).catch((err: Error) => {
    logger.fatal({ err }, 'cannot start')
    process.exit(1)
  })
  const delay = config.SHUTDOWN_TIMEOUT_MS
  closeWithGrace(
    { delay, logger, skip: [...FAULT_SIGNALS, 'SIGUSR2'] },
    async ({ err, signal }) => {
      if (err) logger.fatal({ err }, 'stopping after a bug')
      else logger.info({ signal }, 'stopping')
      await app.close()
      await tracing.stop(LAST_SPANS_SHARE * delay)
      await destination.flush(LAST_LINES_SHARE * delay)
    },
  )
  releaseSignals()
  try {
    await app.listen({ host: oneAddress(config.HOST), port: config.PORT })
  } catch (err) {
    const remedy = REMEDIES[String((err as NodeJS.ErrnoException).code)]
    logger.fatal({ err, remedy }, 'cannot listen')
    process.exit(1)
  }
}

/**
 * For `localhost`, Fastify would also listen on ::1 with a second server. The service neither limits
 * connections to that server nor waits for them on shutdown.
 */
function oneAddress(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host
}

/** Redirects console output from packages, such as OpenTelemetry's console exporter, to the log. */
function redirectConsole(destination: LogDestination): void {
  const stdout = new Writable({
    decodeStrings: false,
    write(text, _encoding, done) {
      destination.write(text)
      done()
    },
  })
  globalThis.console = new Console({ stdout, stderr: process.stderr })
}

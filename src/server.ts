import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { loadConfig } from './load-config.ts'
import { createLogger } from './log.ts'
import { collectProcessMetrics } from './metrics/process-metrics.ts'

const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, delayMs).unref()
    return () => clearTimeout(timer)
  },
}

async function run(config: Config): Promise<void> {
  const logger = createLogger(config.LOG_LEVEL)
  const app = await buildApp(config, {
    clock: systemClock,
    random: Math.random,
    logger,
    processMetrics: collectProcessMetrics(),
  })
  closeWithGrace({ delay: config.SHUTDOWN_TIMEOUT_MS, logger }, async ({ err, signal }) => {
    if (err) logger.fatal({ err }, 'stopping after a bug')
    else logger.info({ signal }, 'stopping')
    await app.close()
  })
  try {
    await app.listen({ host: config.HOST, port: config.PORT })
  } catch (err) {
    logger.fatal({ err }, 'cannot listen')
    process.exit(1)
  }
}

const config = await loadConfig(process.env, '.env').catch((error: Error) => {
  // Without a configuration there is no logger yet, and this is read by a person.
  console.error(error.message)
  process.exit(1)
})
await run(config)

import { AsyncResource } from 'node:async_hooks'
import type { Test } from 'tap'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { buildApp } from '../../src/app.ts'
import { prepareTracing } from '../../src/tracing/prepare.ts'
import { configFor } from './config.ts'
import { recordingLogger } from './log-lines.ts'
import { ManualClock } from './manual-clock.ts'
import { startReceiver } from './otlp-receiver.ts'
import { listen } from './raw-http.ts'

/** Sets environment variables for this process until the test ends. */
export function setEnvironment(t: Pick<Test, 'teardown'>, variables: Record<string, string>) {
  Object.assign(process.env, variables)
  t.teardown(() => {
    for (const name of Object.keys(variables)) delete process.env[name]
  })
}

/**
 * Starts the service with a separate collector. Both stop with the test. `spans` stops tracing and returns
 * all spans.
 */
export async function startTracedService(
  t: Pick<Test, 'teardown'>,
  otel: Record<string, string> = {},
  variables: Record<string, string> = {},
) {
  const receiver = await startReceiver()
  setEnvironment(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    ...otel,
  })
  const clock = new ManualClock()
  const sandbox = await startSandbox({ now: () => clock.now() })
  const prepared = await prepareTracing(process.env)
  const { logger, lines, written } = recordingLogger(prepared.logIds)
  const tracing = prepared.start(logger, {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    // Like a Node timer, runs the task in the caller's context.
    schedule: (delayMs, task) => clock.schedule(delayMs, AsyncResource.bind(task)),
  })
  const app = await buildApp(await configFor(sandbox, variables), {
    clock: tracing.clock,
    runInBackground: tracing.runInBackground,
    random: () => 0,
    logger,
  })
  const url = `http://127.0.0.1:${await listen(app)}`
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= tracing.stop(1000)
    return stopped
  }
  t.teardown(async () => {
    await app.close()
    await stop()
    await sandbox.close()
    receiver.close()
  })
  const spans = async () => {
    await stop()
    return receiver.spans()
  }
  return { app, clock, sandbox, receiver, tracing, lines, written, url, spans }
}

/** A caller's trace context; `n` determines the trace id. */
export function traceparent(n: number, flags = '01') {
  const traceId = n.toString(16).padStart(32, '0')
  return { traceId, headers: { traceparent: `00-${traceId}-00000000000000aa-${flags}` } }
}

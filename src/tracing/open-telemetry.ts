import {
  type Context,
  context,
  DiagLogLevel,
  defaultTextMapGetter,
  diag,
  propagation,
  ROOT_CONTEXT,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  setGlobalErrorHandler,
  TRACE_PARENT_HEADER,
  W3CTraceContextPropagator,
} from '@opentelemetry/core'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import type { RunInBackground } from '../lib/background.ts'
import { type Clock, withTimeout } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { version } from '../lib/version.ts'
import type { OtelConfig } from './otel-config.ts'
import { traceRequests } from './request-spans.ts'
import { spanProcessors } from './span-export.ts'

export { logIds } from './request-spans.ts'

const SERVICE_NAME = 'playlist-proxy'

/**
 * Starts tracing for the whole process. The SDK itself reads sampler, limits, batches and OTLP options from
 * `OTEL_*` variables. Call this function before you create the server.
 */
export function startTracing(config: OtelConfig, log: Log, clock: Clock) {
  logSdkWarnings(log)
  const ours = resourceFromAttributes({ 'service.name': SERVICE_NAME, 'service.version': version })
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(ours)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: spanProcessors(config, log),
  })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  if (config.acceptsParent) propagation.setGlobalPropagator(new IncomingTraceContext())
  const stopRequests = traceRequests()
  const undici = new UndiciInstrumentation()

  return {
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      schedule: (delayMs: number, task: () => void) =>
        clock.schedule(delayMs, () => context.with(ROOT_CONTEXT, task)),
    },
    runInBackground,
    async stop(limitMs: number) {
      const timeout = () => new Error(`The collector did not accept them within ${limitMs} ms.`)
      await withTimeout(clock, limitMs, provider.shutdown(), timeout).catch(err => {
        log.warn({ err }, 'failed to deliver the last traces')
      })
      stopRequests()
      undici.disable()
      for (const api of [trace, context, propagation, diag]) api.disable()
    },
  }
}

/** Runs the work in a new trace, linked to the active span. */
const runInBackground: RunInBackground = (name, work) => {
  const active = trace.getSpanContext(context.active())
  const links = active === undefined ? [] : [{ context: active }]
  const span = trace.getTracer(SERVICE_NAME, version).startSpan(name, { root: true, links })
  context.with(trace.setSpan(ROOT_CONTEXT, span), work).finally(() => span.end())
}

/**
 * Reads only the caller's `traceparent`, since a `tracestate` can contain anything. Adds neither field to
 * requests, since Spotify has no use for them.
 */
class IncomingTraceContext extends W3CTraceContextPropagator {
  override extract(into: Context, carrier: unknown, getter: TextMapGetter): Context {
    const traceparent = getter.get(carrier, TRACE_PARENT_HEADER)
    return super.extract(into, { traceparent }, defaultTextMapGetter)
  }

  override inject(): void {}
}

/**
 * Logs SDK warnings, such as invalid variables, without immediate repeats. The span processors log failed
 * deliveries.
 */
function logSdkWarnings(log: Log): void {
  let last: string | undefined
  const warn = (message: string) => {
    if (message !== last) log.warn({ source: 'OpenTelemetry' }, message)
    last = message
  }
  // `logLevel` excludes the levels info, debug and verbose.
  const logger = { error: warn, warn, info: warn, debug: warn, verbose: warn }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  setGlobalErrorHandler(err => log.debug({ err }, 'failed to deliver a batch of traces'))
}

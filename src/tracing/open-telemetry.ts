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
import type { TracingPlan } from './otel-config.ts'
import { traceRequests } from './request-spans.ts'
import { spanProcessors } from './span-export.ts'

export { logIds } from './request-spans.ts'

const SERVICE_NAME = 'playlist-proxy'

/**
 * Starts tracing for the whole process: what the plan asks for, and whatever the SDK reads from
 * `OTEL_*` variables itself (sampler, limits, batches, OTLP). Servers made from now on are traced.
 */
export function startTracing(plan: TracingPlan, log: Log, clock: Clock) {
  tellOfSdk(log)
  const ours = resourceFromAttributes({ 'service.name': SERVICE_NAME, 'service.version': version })
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(ours)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: spanProcessors(plan, log),
  })
  trace.setGlobalTracerProvider(provider)
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  if (plan.takesParent) propagation.setGlobalPropagator(new IncomingTraceContext())
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
      const timeout = () => new Error(`The collector did not take them within ${limitMs} ms.`)
      await withTimeout(clock, limitMs, provider.shutdown(), timeout).catch(err => {
        log.warn({ err }, 'the last traces were not delivered')
      })
      stopRequests()
      undici.disable()
      for (const api of [trace, context, propagation, diag]) api.disable()
    },
  }
}

/** Its own trace, with a link to what gave rise to it. */
const runInBackground: RunInBackground = (name, work) => {
  const cause = trace.getSpanContext(context.active())
  const links = cause === undefined ? [] : [{ context: cause }]
  const span = trace.getTracer(SERVICE_NAME, version).startSpan(name, { root: true, links })
  context.with(trace.setSpan(ROOT_CONTEXT, span), work).finally(() => span.end())
}

/**
 * Takes the caller's `traceparent` and nothing else, since a `tracestate` may hold anything, and
 * sends none: Spotify has no use for ours.
 */
class IncomingTraceContext extends W3CTraceContextPropagator {
  override extract(into: Context, carrier: unknown, getter: TextMapGetter): Context {
    const traceparent = getter.get(carrier, TRACE_PARENT_HEADER)
    return super.extract(into, { traceparent }, defaultTextMapGetter)
  }

  override inject(): void {}
}

/**
 * What the SDK has to say, such as that a variable is not valid, becomes lines of the log; what it
 * repeats is told once. Failed deliveries are told by whoever watches the exporter.
 */
function tellOfSdk(log: Log): void {
  let last: string | undefined
  const tell = (message: string) => {
    if (message !== last) log.warn({ source: 'OpenTelemetry' }, message)
    last = message
  }
  // The level keeps the lower ones away.
  const logger = { error: tell, warn: tell, info: tell, debug: tell, verbose: tell }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  setGlobalErrorHandler(err => log.debug({ err }, 'a batch of traces was not delivered'))
}

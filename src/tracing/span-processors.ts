import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import type { Log } from '../log.ts'
import { outgoingSpans } from './outgoing-span.ts'
import type { TracingPlan } from './plan.ts'

/** The ways of a span out of the process. Endpoint, headers and batches are read by the SDK. */
export function spanProcessors({ exporters }: TracingPlan, log: Log): SpanProcessor[] {
  return exporters.map(name => {
    if (name === 'console') return new SimpleSpanProcessor(guarded(new ConsoleSpanExporter(), log))
    return new BatchSpanProcessor(guarded(new OTLPTraceExporter(), log))
  })
}

/** Lets only reduced spans through, and logs when deliveries begin to fail and when they work again. */
function guarded(exporter: SpanExporter, log: Log): SpanExporter {
  let isFailing = false
  const note = ({ code, error }: ExportResult) => {
    const failed = code !== ExportResultCode.SUCCESS
    if (failed && !isFailing) log.warn({ err: error }, 'traces are not delivered')
    if (!failed && isFailing) log.info('traces are delivered again')
    isFailing = failed
  }
  return {
    export(spans: ReadableSpan[], done) {
      exporter.export(outgoingSpans(spans), result => {
        note(result)
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
  }
}

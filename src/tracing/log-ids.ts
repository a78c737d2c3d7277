import { context, isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api'
import type { LogIds } from '../log.ts'

/** What a log line says of a span, in the words of OpenTelemetry's log formats; nothing of none. */
export function idsOf(span: SpanContext | undefined): Record<string, string> {
  if (span === undefined || !isSpanContextValid(span)) return {}
  return { trace_id: span.traceId, span_id: span.spanId }
}

/** Every line names the active span. */
export const logIds: LogIds = () => idsOf(trace.getSpanContext(context.active()))

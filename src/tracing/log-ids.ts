import { context, isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api'
import type { LogIds } from '../log.ts'

const spans = new WeakMap<object, SpanContext>()

/**
 * Makes every line of a logger name this span. The line of an answer is written from an event of
 * the socket, where no span is active.
 */
export function bindLogger(logger: object, span: SpanContext): void {
  spans.set(logger, span)
}

/** The span of the logger, or the active one, in the words of OpenTelemetry's log formats. */
export const logIds: LogIds = (_facts, _level, logger) => {
  const span = spans.get(logger) ?? trace.getSpanContext(context.active())
  if (span === undefined || !isSpanContextValid(span)) return {}
  return { trace_id: span.traceId, span_id: span.spanId }
}

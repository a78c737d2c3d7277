import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { context, isSpanContextValid, type Span, type SpanContext, trace } from '@opentelemetry/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { POLLED } from '../http/access-log.ts'
import { contextOf } from '../http/request-context.ts'
import { CLIENT_CLOSED_REQUEST } from '../http/response-observer.ts'
import type { LogIds } from '../lib/logger.ts'

/** Fastify publishes each new instance on this channel. */
const NEW_INSTANCE = 'fastify.initialization'

/**
 * Records one span per request to any server created from now on, except for polled endpoints. Returns a
 * function to stop recording.
 */
export function traceRequests(): () => void {
  const spans = new WeakMap<FastifyRequest, Span>()
  const addHooks = (message: unknown) => {
    completeSpans((message as { fastify: FastifyInstance }).fastify, spans)
  }
  // Subscribes before the instrumentation: its hooks end the spans, so ours must complete them first.
  subscribe(NEW_INSTANCE, addHooks)
  const instrumentation = new FastifyOtelInstrumentation({
    registerOnInitialization: true,
    // Requests to Spotify, the slow step in a handler, have their own spans.
    instrumentHooks: false,
    instrumentHandler: false,
    recordExceptions: false,
    ignorePaths: ({ url }) => POLLED.includes(url.replace(/\?.*/s, '')),
    requestHook(span, request) {
      const { method, routeOptions } = request
      span.updateName([method, routeOptions.url].join(' ').trim())
      spans.set(request, span)
      contextOf(request).logIds = idsOf(span.spanContext())
    },
  })
  return () => {
    instrumentation.disable()
    unsubscribe(NEW_INSTANCE, addHooks)
  }
}

function completeSpans(app: FastifyInstance, spans: WeakMap<FastifyRequest, Span>): void {
  const complete = (request: FastifyRequest, statusCode: number): Span | undefined => {
    const span = spans.get(request)
    if (span === undefined) return undefined
    spans.delete(request)
    const { result, problem } = contextOf(request)
    if (result !== undefined) span.setAttribute('playlist_proxy.cache_result', result)
    if (problem !== undefined) {
      span.setAttribute('playlist_proxy.problem', problem.type)
      if (statusCode >= 500) span.setAttribute('error.type', problem.type)
    }
    return span
  }
  app.addHook('onSend', (request, reply, payload, done) => {
    complete(request, reply.statusCode)
    done(null, payload)
  })
  // Fastify does not call onSend for a response written by the service itself.
  app.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done) => {
    complete(request, reply.statusCode)
    done()
  })
  app.addHook('onRequestAbort', (request, done) => {
    const span = complete(request, CLIENT_CLOSED_REQUEST)
    if (span !== undefined) {
      span.setAttribute('http.response.status_code', CLIENT_CLOSED_REQUEST).end()
      forget(request, span)
    }
    done()
  })
}

/** Detaches a span from the instrumentation, which would end the span again after a late response. */
function forget(request: FastifyRequest, span: Span): void {
  for (const key of Object.getOwnPropertySymbols(request)) {
    if (Reflect.get(request, key) === span) Reflect.set(request, key, null)
  }
}

/** Returns the span ids for log lines, named as in OpenTelemetry's log formats. */
function idsOf(span: SpanContext | undefined): Record<string, string> {
  if (span === undefined || !isSpanContextValid(span)) return {}
  return { trace_id: span.traceId, span_id: span.spanId }
}

/** Returns the active span's ids; none outside a trace. */
export const logIds: LogIds = () => idsOf(trace.getSpanContext(context.active()))

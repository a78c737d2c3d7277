import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { context, isSpanContextValid, type Span, type SpanContext, trace } from '@opentelemetry/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { POLLED } from '../http/access-log.ts'
import { contextOf } from '../http/request-context.ts'
import { CLIENT_CLOSED_REQUEST } from '../http/response-observer.ts'
import type { LogIds } from '../lib/logger.ts'

/** Fastify tells of every instance on this channel as soon as it is made. */
const NEW_INSTANCE = 'fastify.initialization'

/**
 * Makes one span of each request to the servers that are made from now on, except those that
 * machines poll. Returns what ends that.
 */
export function traceRequests(): () => void {
  const spans = new WeakMap<FastifyRequest, Span>()
  const addHooks = (message: unknown) => {
    completeSpans((message as { fastify: FastifyInstance }).fastify, spans)
  }
  // Ahead of the instrumentation, whose hooks end the spans that these complete.
  subscribe(NEW_INSTANCE, addHooks)
  const instrumentation = new FastifyOtelInstrumentation({
    registerOnInitialization: true,
    // A handler here is one step: what takes time has spans of its own.
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
  // An answer that was written past Fastify has no onSend.
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

/** Takes a span from the instrumentation, which would end it once more if an answer came yet. */
function forget(request: FastifyRequest, span: Span): void {
  for (const key of Object.getOwnPropertySymbols(request)) {
    if (Reflect.get(request, key) === span) Reflect.set(request, key, null)
  }
}

/** What a log line says of a span, in the words of OpenTelemetry's log formats; nothing of none. */
function idsOf(span: SpanContext | undefined): Record<string, string> {
  if (span === undefined || !isSpanContextValid(span)) return {}
  return { trace_id: span.traceId, span_id: span.spanId }
}

/** Every line names the active span. */
export const logIds: LogIds = () => idsOf(trace.getSpanContext(context.active()))

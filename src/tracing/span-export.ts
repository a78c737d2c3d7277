import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
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
import { loggablePath, loggableTarget } from '../lib/loggable-target.ts'
import type { Log } from '../lib/logger.ts'
import type { TracingPlan } from './otel-config.ts'

const STATUS_CODE = 'http.response.status_code'

/** Attributes that leave the process; none of them can hold a key, a token or a caller's query. */
const OUTGOING = new Set([
  'error.type',
  'http.request.method',
  STATUS_CODE,
  'http.route',
  'network.peer.address',
  'network.peer.port',
  'network.protocol.version',
  'playlist_proxy.cache_result',
  'playlist_proxy.problem',
  'server.address',
  'server.port',
  // Only of requests to Spotify.
  'url.full',
  'url.path',
  'url.scheme',
  'user_agent.original',
])

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

/**
 * The spans as they may leave. Steps that the framework takes within a request tell nothing: its
 * handler for what is not found is always one, whatever the instrumentation is asked to leave out.
 */
function outgoingSpans(spans: readonly ReadableSpan[]): ReadableSpan[] {
  return spans
    .filter(
      ({ instrumentationScope: { name }, kind }) =>
        name !== '@fastify/otel' || kind !== SpanKind.INTERNAL,
    )
    .map(outgoingSpan)
}

/**
 * A span as it may leave: of its attributes those that are known, no events and no message, since
 * these repeat whatever an error says. The log has them under the same trace.
 *
 * What the instrumentation takes for an error of a server is any problem; the conventions count
 * only those of the server's own side.
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
 */
function outgoingSpan(span: ReadableSpan): ReadableSpan {
  const attributes = Object.fromEntries(
    Object.entries(span.attributes).filter(([name]) => OUTGOING.has(name)),
  )
  const { 'url.path': path, 'url.full': url } = attributes
  if (path !== undefined) attributes['url.path'] = loggablePath(String(path))
  if (url !== undefined) attributes['url.full'] = loggableUrl(String(url))
  const isCallersFault = span.kind === SpanKind.SERVER && Number(attributes[STATUS_CODE]) < 500
  const code = isCallersFault ? SpanStatusCode.UNSET : span.status.code
  return Object.create(span, {
    attributes: { value: attributes, enumerable: true },
    events: { value: [], enumerable: true },
    status: { value: { code }, enumerable: true },
  })
}

/** Of a request to Spotify: the user id in it is a caller's. */
function loggableUrl(url: string): string {
  const { origin, pathname, search } = new URL(url)
  return origin + loggableTarget(pathname + search)
}

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
import type { OtelConfig } from './otel-config.ts'

const STATUS_CODE = 'http.response.status_code'

/** The attributes to export: none can contain a key, a token or a caller's query. */
const EXPORTED = new Set([
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
  // Only for requests to Spotify.
  'url.full',
  'url.path',
  'url.scheme',
  'user_agent.original',
])

/** Creates the processors for these exporters. The SDK reads endpoint, headers and batch sizes itself. */
export function spanProcessors({ exporters }: OtelConfig, log: Log): SpanProcessor[] {
  return exporters.map(name => {
    if (name === 'console') return new SimpleSpanProcessor(guarded(new ConsoleSpanExporter(), log))
    return new BatchSpanProcessor(guarded(new OTLPTraceExporter(), log))
  })
}

/** Exports only reduced spans. Logs when deliveries begin to fail, and when they work again. */
function guarded(exporter: SpanExporter, log: Log): SpanExporter {
  let isFailing = false
  const logResult = ({ code, error }: ExportResult) => {
    const failed = code !== ExportResultCode.SUCCESS
    if (failed && !isFailing) log.warn({ err: error }, 'failed to deliver traces')
    if (!failed && isFailing) log.info('traces are delivered again')
    isFailing = failed
  }
  return {
    export(spans: ReadableSpan[], done) {
      exporter.export(reducedSpans(spans), result => {
        logResult(result)
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
  }
}

/**
 * Reduces the spans, and drops spans for Fastify's internal steps: whatever its options, the
 * instrumentation records the not-found handler.
 */
function reducedSpans(spans: readonly ReadableSpan[]): ReadableSpan[] {
  return spans
    .filter(
      ({ instrumentationScope: { name }, kind }) =>
        name !== '@fastify/otel' || kind !== SpanKind.INTERNAL,
    )
    .map(reducedSpan)
}

/**
 * Keeps only allowed span attributes. Drops events and the status message, because they repeat error
 * messages, which the log has under the same trace.
 *
 * The instrumentation marks any problem as a server error; the conventions mark only 5xx.
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
 */
function reducedSpan(span: ReadableSpan): ReadableSpan {
  const attributes = Object.fromEntries(
    Object.entries(span.attributes).filter(([name]) => EXPORTED.has(name)),
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

/** The URL for a request to Spotify contains a user id chosen by a caller. */
function loggableUrl(url: string): string {
  const { origin, pathname, search } = new URL(url)
  return origin + loggableTarget(pathname + search)
}

import { Type } from 'typebox'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'
import { GUARD_PROBLEMS, problemResponsesFor } from '../openapi/problem-responses.ts'
import { commonHeaders, noStore, rateLimitHeaders } from '../openapi/response-headers.ts'

/** The path for scrapers. */
export const METRICS_PATH = '/metrics'
/** Prometheus text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export interface MetricsOptions {
  /** Returns all metrics in Prometheus text format. */
  metrics: () => Promise<string>
}

/** `GET /metrics`, for Prometheus. */
export function metricsRoute(app: AppInstance, options: MetricsOptions): void {
  app.get(
    METRICS_PATH,
    {
      schema: {
        operationId: 'getMetrics',
        tags: ['Health'],
        summary: 'Metrics in the text format of Prometheus',
        response: {
          200: {
            description: 'The metrics.',
            headers: { ...commonHeaders, ...noStore, ...rateLimitHeaders },
            content: { 'text/plain': { schema: Type.String() } },
          },
          ...problemResponsesFor([...GUARD_PROBLEMS, 'internal-error']),
        },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store').header('content-type', CONTENT_TYPE)
      return reply.send(await options.metrics())
    },
  )
  allowOnlyReading(app, METRICS_PATH)
}

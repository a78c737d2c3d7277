import { Counter, type Registry } from 'prom-client'
import type { LookupResult } from '../cache/lookup-result.ts'
import type { ConnectionOptions } from '../http/connections.ts'
import type { MeasuredResponse } from '../http/response-observer.ts'
import type { ProblemType } from '../problems/catalog.ts'
import { DurationHistogram, type DurationSeries } from './duration-histogram.ts'
import { scrapedMetrics } from './scraped-metrics.ts'

/** In seconds, from a hit in memory to slightly above the LOOKUP_TIMEOUT_MS default. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20]
/** Problems that refuse a caller, whatever the request. */
const REFUSALS: readonly ProblemType[] = ['unknown-api-key', 'caller-rate-limited']

type Series = Partial<Record<LookupResult | 'none', DurationSeries>>

/**
 * Returns a function to count and time responses. Every label has few values: route patterns, statuses, and
 * configured key names.
 */
export function httpMetrics(register: Registry): (response: MeasuredResponse) => void {
  const durations = new DurationHistogram<'route' | 'status' | 'cache'>({
    name: 'playlist_proxy_http_request_duration_seconds',
    help: 'Duration of HTTP requests in seconds, by cache result.',
    buckets: BUCKETS,
    register,
  })
  const routes = new Map<string, Map<number, Series>>()
  const callers = new Map<string, number>()
  const refused = new Counter({
    name: 'playlist_proxy_callers_refused_total',
    help: 'Requests refused because of the API key or the rate limit.',
    labelNames: ['reason'],
    registers: [register],
  })
  for (const reason of REFUSALS) refused.inc({ reason }, 0)
  scrapedMetrics(register).counter(
    'caller_requests_total',
    'Requests by API key name; anonymous without API_KEYS.',
    () => Array.from(callers, ([caller, value]) => ({ labels: { caller }, value })),
  )

  function seriesOf(route: string, status: number, cache: LookupResult | 'none'): DurationSeries {
    const statuses = entryOf(routes, route, () => new Map<number, Series>())
    const series = entryOf(statuses, status, (): Series => ({}))
    series[cache] ??= durations.series({ route, status: String(status), cache })
    return series[cache]
  }

  return ({ status, durationMs, context: { route, caller, result, problem } }) => {
    seriesOf(route ?? 'unknown', status, result ?? 'none').observe(durationMs / 1000)
    if (caller !== undefined) callers.set(caller, (callers.get(caller) ?? 0) + 1)
    if (problem !== undefined && REFUSALS.includes(problem.type)) {
      refused.inc({ reason: problem.type })
    }
  }
}

/** Why the service closes a connection. */
const CLOSED_REASONS = ['stalled', 'limit'] as const

/** Returns a function to count connections closed by the service. */
export function connectionMetrics(register: Registry): ConnectionOptions['onClosed'] {
  const closed = new Counter({
    name: 'playlist_proxy_connections_closed_total',
    help: 'Connections closed because they stalled or exceeded the limit.',
    labelNames: ['reason'],
    registers: [register],
  })
  for (const reason of CLOSED_REASONS) closed.inc({ reason }, 0)
  return reason => closed.inc({ reason })
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

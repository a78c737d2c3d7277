import { Counter, type Registry } from 'prom-client'
import { FAILURE_REASONS, OPERATIONS, type RedisObserver } from '../replicas/operation.ts'
import { DurationHistogram } from './duration-histogram.ts'
import { flags, scrapedMetrics } from './scraped-metrics.ts'

/** In seconds, around the SHARED_CACHE_TIMEOUT_MS default, and up to the budget time-out. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2]
const STATES = ['off', 'connected', 'degraded'] as const

export type SharedCacheState = (typeof STATES)[number]

/** Returns a function to count and time operations on the shared cache. Calls `state` on each scrape. */
export function redisMetrics(register: Registry, state: () => SharedCacheState): RedisObserver {
  scrapedMetrics(register).gauge(
    'shared_cache_state',
    'Shared cache state (off, connected or degraded): 1 for the current state.',
    () => flags('state', STATES, [state()]),
  )
  const failures = new Counter({
    name: 'playlist_proxy_shared_cache_failures_total',
    help: 'Failed shared cache operations by operation and reason.',
    labelNames: ['operation', 'reason'],
    registers: [register],
  })
  const durations = new DurationHistogram<'operation'>({
    name: 'playlist_proxy_shared_cache_duration_seconds',
    help: 'Duration of shared cache operations in seconds, including failures.',
    buckets: BUCKETS,
    register,
  })
  const series = Object.fromEntries(
    OPERATIONS.map(operation => [operation, durations.series({ operation })]),
  )
  // Zero from the start, so Prometheus sees the first failure as an increase.
  for (const operation of OPERATIONS) {
    for (const reason of FAILURE_REASONS) failures.inc({ operation, reason }, 0)
  }
  return (operation, outcome, durationMs) => {
    if (outcome !== 'ok') failures.inc({ operation, reason: outcome })
    if (outcome !== 'not-tried') series[operation]?.observe(durationMs / 1000)
  }
}

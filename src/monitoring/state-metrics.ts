import type { Registry } from 'prom-client'
import { LOOKUP_RESULTS } from '../cache/lookup-result.ts'
import { nodeVersion, version } from '../lib/version.ts'
import type { ProblemType } from '../problems/catalog.ts'
import { flags, scrapedMetrics } from './scraped-metrics.ts'
import type { StatusSources } from './status-report.ts'

/** Every problem that can stop all requests to Spotify. */
const REASONS: readonly ProblemType[] = [
  'spotify-rate-limited',
  'spotify-quota-exceeded',
  'spotify-access-denied',
  'spotify-unavailable',
  'spotify-bad-response',
  'spotify-credentials-rejected',
  'quota-budget-spent',
]
const GATE_STATES = ['open', 'paused', 'probing'] as const

/** Registers metrics for the state also reported by `/status`. */
export function stateMetrics(register: Registry, sources: StatusSources): void {
  const { cache, gate, budget, tokens, isDraining } = sources
  const { counter, gauge } = scrapedMetrics(register)

  counter('cache_lookups_total', 'Lookups by cache result.', () =>
    LOOKUP_RESULTS.map(result => ({ labels: { result }, value: cache.status[result] })),
  )
  counter(
    'cache_collapsed_total',
    'Lookups that joined an origin fetch in flight.',
    () => cache.status.collapsed,
  )
  counter(
    'cache_evictions_total',
    'Users evicted from the cache before they expired.',
    () => cache.status.evictions,
  )
  gauge('cache_entries', 'Users in the cache.', () => cache.status.entries)
  gauge(
    'cache_bytes',
    'Size of the cache in bytes, including other formats of lists.',
    () => cache.status.bytes,
  )
  gauge('cache_max_bytes', 'Configured maximum of the cache in bytes.', () => cache.status.maxBytes)

  counter('spotify_retries_total', 'Retries of requests to Spotify.', () => gate.status().retries)
  gauge('spotify_in_flight', 'Web API requests in flight.', () => gate.status().inFlight)
  gauge('spotify_queued', 'Lookups waiting for a slot.', () => gate.status().queued)
  gauge('spotify_requests_24h', 'Web API requests in the last 24 hours.', () => budget.spent)
  const { limit } = budget
  if (limit !== undefined) {
    gauge('spotify_budget', 'Configured maximum of Web API requests in 24 hours.', () => limit)
  }
  gauge('gate_state', 'Gate state: 1 for the current state.', () =>
    flags('state', GATE_STATES, [gate.status().state]),
  )
  gauge('gate_reason', '1 for each problem that currently stops all requests to Spotify.', () =>
    flags('reason', REASONS, reasons(sources)),
  )
  gauge(
    'gate_paused_until_timestamp_seconds',
    'When the gate pause ends; 0 while the gate is open.',
    () => (gate.status().pausedUntil ?? 0) / 1000,
  )
  gauge(
    'token_expires_timestamp_seconds',
    'When the app token expires; 0 without a token.',
    () => (tokens.status.expiresAt ?? 0) / 1000,
  )
  gauge('draining', '1 while this instance shuts down.', () => Number(isDraining()))
  gauge('build_info', 'Always 1; the labels are the service and Node versions.', () => [
    { labels: { version, node_version: nodeVersion }, value: 1 },
  ])
}

function reasons({ gate, tokens, budget }: StatusSources): ProblemType[] {
  const { reason } = gate.status()
  const { state, failure } = tokens.status
  const found = reason === undefined ? [] : [reason]
  if (state !== 'valid' && failure !== undefined) found.push(failure.type)
  if (budget.limit !== undefined && budget.spent >= budget.limit) found.push('quota-budget-spent')
  return found
}

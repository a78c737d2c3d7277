import { Counter, Gauge, type Registry } from 'prom-client'
import { LOOKUP_RESULTS } from '../cache/lookup-result.ts'
import type { ResponseCache } from '../cache/response-cache.ts'
import { nodeVersion, version } from '../lib/version.ts'
import type { ProblemType } from '../problems/catalog.ts'
import type { Gate } from '../spotify/gate/gate.ts'
import type { RequestBudget } from '../spotify/gate/request-quota.ts'
import type { TokenKeeper } from '../spotify/token-keeper.ts'

/** The modules whose state the metrics show. */
export interface StateSources {
  cache: Pick<ResponseCache<never>, 'status'>
  gate: Pick<Gate, 'status'>
  budget: Pick<RequestBudget, 'spent' | 'limit'>
  tokens: Pick<TokenKeeper, 'status'>
  isDraining: () => boolean
}

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

type Values = Iterable<readonly [labels: Record<string, string>, value: number]>

/** Registers metrics that read their sources at each scrape, at no cost for requests. */
export function stateMetrics(register: Registry, sources: StateSources): void {
  const { cache, gate, budget, tokens, isDraining } = sources
  const counter = (name: string, help: string, labelNames: string[], read: () => Values) => {
    const fullName = `playlist_proxy_${name}`
    new Counter({ name: fullName, help, labelNames, registers: [register], collect })
    function collect(this: Counter) {
      this.reset()
      for (const [labels, value] of read()) this.inc(labels, value)
    }
  }
  const gauge = (name: string, help: string, labelNames: string[], read: () => Values) => {
    const fullName = `playlist_proxy_${name}`
    new Gauge({ name: fullName, help, labelNames, registers: [register], collect })
    function collect(this: Gauge) {
      for (const [labels, value] of read()) this.set(labels, value)
    }
  }

  counter('cache_lookups_total', 'Lookups by cache result.', ['result'], () =>
    LOOKUP_RESULTS.map(result => [{ result }, cache.status[result]]),
  )
  counter('cache_collapsed_total', 'Lookups that joined an origin fetch in flight.', [], () =>
    plain(cache.status.collapsed),
  )
  counter('cache_evictions_total', 'Users evicted from the cache before they expired.', [], () =>
    plain(cache.status.evictions),
  )
  gauge('cache_entries', 'Users in the cache.', [], () => plain(cache.status.entries))
  gauge('cache_bytes', 'Size of the cache in bytes, including other formats of lists.', [], () =>
    plain(cache.status.bytes),
  )
  gauge('cache_max_bytes', 'Configured maximum of the cache in bytes.', [], () =>
    plain(cache.status.maxBytes),
  )

  counter('spotify_retries_total', 'Retries of requests to Spotify.', [], () =>
    plain(gate.status().retries),
  )
  gauge('spotify_in_flight', 'Web API requests in flight.', [], () => plain(gate.status().inFlight))
  gauge('spotify_queued', 'Lookups waiting for a slot.', [], () => plain(gate.status().queued))
  gauge('spotify_requests_24h', 'Web API requests in the last 24 hours.', [], () =>
    plain(budget.spent),
  )
  const { limit } = budget
  if (limit !== undefined) {
    gauge('spotify_budget', 'Configured maximum of Web API requests in 24 hours.', [], () =>
      plain(limit),
    )
  }
  gauge('gate_state', 'State of the gate: 1 for the current one.', ['state'], () =>
    flags('state', GATE_STATES, [gate.status().state]),
  )
  gauge(
    'gate_reason',
    'Problems that stop all requests to Spotify: 1 for each current one.',
    ['reason'],
    () => flags('reason', REASONS, reasons(sources)),
  )
  gauge(
    'gate_paused_until_timestamp_seconds',
    'When the pause of the gate ends; 0 while the gate is open.',
    [],
    () => plain((gate.status().pausedUntil ?? 0) / 1000),
  )
  gauge(
    'token_expires_timestamp_seconds',
    'When the app token expires; 0 without a token.',
    [],
    () => plain((tokens.status.expiresAt ?? 0) / 1000),
  )
  gauge('draining', '1 while this instance shuts down.', [], () => plain(Number(isDraining())))
  gauge(
    'build_info',
    'Always 1; the labels are the versions of the service and of Node.',
    ['version', 'node_version'],
    () => [[{ version, node_version: nodeVersion }, 1]],
  )
}

function plain(value: number): Values {
  return [[{}, value]]
}

function flags(label: string, names: readonly string[], raised: readonly string[]): Values {
  return names.map(name => [{ [label]: name }, Number(raised.includes(name))])
}

function reasons({ gate, tokens, budget }: StateSources): ProblemType[] {
  const { reason } = gate.status()
  const { state, failure } = tokens.status
  const found = reason === undefined ? [] : [reason]
  if (state !== 'valid' && failure !== undefined) found.push(failure.type)
  if (budget.limit !== undefined && budget.spent >= budget.limit) found.push('quota-budget-spent')
  return found
}

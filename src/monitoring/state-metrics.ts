import { Counter, Gauge, type Registry } from 'prom-client'
import { LOOKUP_RESULTS } from '../cache/lookup-result.ts'
import type { ResponseCache } from '../cache/response-cache.ts'
import { nodeVersion, version } from '../lib/version.ts'
import type { ProblemType } from '../problems/catalog.ts'
import type { Gate } from '../spotify/gate/gate.ts'
import type { RequestBudget } from '../spotify/gate/request-quota.ts'
import type { TokenKeeper } from '../spotify/token-keeper.ts'

/** The parts that know their state; they are asked when the metrics are. */
export interface StateParts {
  cache: Pick<ResponseCache<never>, 'status'>
  gate: Pick<Gate, 'status'>
  budget: Pick<RequestBudget, 'spent' | 'limit'>
  tokens: Pick<TokenKeeper, 'status'>
  isDraining: () => boolean
}

/** Every problem that can keep all requests from leaving for Spotify. */
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

/** Registers what is read from the parts when it is asked for, and so costs no request anything. */
export function stateMetrics(register: Registry, parts: StateParts): void {
  const { cache, gate, budget, tokens, isDraining } = parts
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

  counter('cache_lookups_total', 'Lookups by how they were answered.', ['result'], () =>
    LOOKUP_RESULTS.map(result => [{ result }, cache.status[result]]),
  )
  counter('cache_collapsed_total', 'Lookups that shared a request to Spotify.', [], () =>
    plain(cache.status.collapsed),
  )
  counter('cache_evictions_total', 'Users whose list had to make room for others.', [], () =>
    plain(cache.status.evictions),
  )
  gauge('cache_entries', 'Users stored.', [], () => plain(cache.status.entries))
  gauge('cache_bytes', 'Memory held by lists and what is made from them, in bytes.', [], () =>
    plain(cache.status.bytes),
  )
  gauge('cache_max_bytes', 'Configured maximum of the cache in bytes.', [], () =>
    plain(cache.status.maxBytes),
  )

  counter('spotify_retries_total', 'Requests to Spotify that were sent again.', [], () =>
    plain(gate.status().retries),
  )
  gauge('spotify_in_flight', 'Web API requests under way.', [], () => plain(gate.status().inFlight))
  gauge('spotify_queued', 'Lookups that wait for a place among them.', [], () =>
    plain(gate.status().queued),
  )
  gauge('spotify_requests_24h', 'Web API requests in the last 24 hours.', [], () =>
    plain(budget.spent),
  )
  const { limit } = budget
  if (limit !== undefined) {
    gauge('spotify_budget', 'How many there may be in 24 hours.', [], () => plain(limit))
  }
  gauge('gate_state', 'Whether requests leave for Spotify.', ['state'], () =>
    flags('state', GATE_STATES, [gate.status().state]),
  )
  gauge('gate_reason', 'The problems that keep all requests from leaving.', ['reason'], () =>
    flags('reason', REASONS, reasons(parts)),
  )
  gauge(
    'gate_paused_until_timestamp_seconds',
    'Until when nothing is sent; 0 when requests leave.',
    [],
    () => plain((gate.status().pausedUntil ?? 0) / 1000),
  )
  gauge(
    'token_expires_timestamp_seconds',
    'When the app token expires; 0 when there is none.',
    [],
    () => plain((tokens.status.expiresAt ?? 0) / 1000),
  )
  gauge('draining', 'Whether this instance takes no new requests.', [], () =>
    plain(Number(isDraining())),
  )
  gauge('build_info', 'What runs.', ['version', 'node_version'], () => [
    [{ version, node_version: nodeVersion }, 1],
  ])
}

function plain(value: number): Values {
  return [[{}, value]]
}

function flags(label: string, names: readonly string[], raised: readonly string[]): Values {
  return names.map(name => [{ [label]: name }, Number(raised.includes(name))])
}

function reasons({ gate, tokens, budget }: StateParts): ProblemType[] {
  const { reason } = gate.status()
  const { state, failure } = tokens.status
  const found = reason === undefined ? [] : [reason]
  if (state !== 'valid' && failure !== undefined) found.push(failure.type)
  if (budget.limit !== undefined && budget.spent >= budget.limit) found.push('quota-budget-spent')
  return found
}

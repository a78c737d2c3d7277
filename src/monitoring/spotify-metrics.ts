import { Counter, type Registry } from 'prom-client'
import {
  REQUEST_KINDS,
  REQUEST_OUTCOMES,
  type RequestObserver,
  type RequestOutcome,
} from '../spotify/request-observer.ts'
import { DurationHistogram } from './duration-histogram.ts'

/** Up to the default of SPOTIFY_TIMEOUT_MS and a little more. */
const BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Counts and times the requests to Spotify, those for a token also as renewals. */
export function spotifyMetrics(register: Registry): RequestObserver {
  const requests = new Counter({
    name: 'playlist_proxy_spotify_requests_total',
    help: 'Requests to Spotify by what they came to; each attempt counts.',
    labelNames: ['kind', 'outcome'],
    registers: [register],
  })
  const renewals = new Counter({
    name: 'playlist_proxy_token_renewals_total',
    help: 'Renewals of the app token; rejected: Spotify does not accept the credentials.',
    labelNames: ['outcome'],
    registers: [register],
  })
  const durations = new DurationHistogram<'kind'>({
    name: 'playlist_proxy_spotify_request_duration_seconds',
    help: 'Time from sending a request to Spotify to the last byte of its answer.',
    buckets: BUCKETS,
    registers: [register],
  })
  const series = {
    page: durations.series({ kind: 'page' }),
    token: durations.series({ kind: 'token' }),
  }
  // Present from the start, so that a rise from none to one is seen as a rise.
  for (const outcome of ['ok', 'failed', 'rejected']) renewals.inc({ outcome }, 0)
  for (const kind of REQUEST_KINDS) {
    for (const outcome of REQUEST_OUTCOMES) requests.inc({ kind, outcome }, 0)
  }

  return (kind, outcome, durationMs) => {
    requests.inc({ kind, outcome })
    series[kind].observe(durationMs / 1000)
    if (kind === 'token') renewals.inc({ outcome: renewalOutcome(outcome) })
  }
}

function renewalOutcome(outcome: RequestOutcome): 'ok' | 'rejected' | 'failed' {
  if (outcome === 'ok') return 'ok'
  return outcome === 'unauthorized' ? 'rejected' : 'failed'
}

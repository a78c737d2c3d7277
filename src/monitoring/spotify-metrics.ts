import { Counter, type Registry } from 'prom-client'
import {
  REQUEST_OUTCOMES,
  type RequestObserver,
  type RequestOutcome,
  TOKEN_GRANTS,
} from '../spotify/request-observer.ts'
import { DurationHistogram } from './duration-histogram.ts'

/** In seconds, up to twice the SPOTIFY_TIMEOUT_MS default. */
const BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Returns a function to count and time requests to Spotify, and to count token requests by grant. */
export function spotifyMetrics(register: Registry): RequestObserver {
  const requests = new Counter({
    name: 'playlist_proxy_spotify_requests_total',
    help: 'Requests to Spotify by outcome; each attempt counts.',
    labelNames: ['kind', 'outcome'],
    registers: [register],
  })
  const renewals = new Counter({
    name: 'playlist_proxy_token_renewals_total',
    help: 'Token requests by grant and outcome; rejected means wrong credentials.',
    labelNames: ['grant', 'outcome'],
    registers: [register],
  })
  const durations = new DurationHistogram<'kind'>({
    name: 'playlist_proxy_spotify_request_duration_seconds',
    help: 'Duration of requests to Spotify in seconds, until the last response byte.',
    buckets: BUCKETS,
    register,
  })
  const series = {
    page: durations.series({ kind: 'page' }),
    token: durations.series({ kind: 'token' }),
  }
  // Zero from the start, so Prometheus sees the first request as an increase.
  for (const grant of TOKEN_GRANTS) {
    for (const outcome of ['ok', 'failed', 'rejected']) renewals.inc({ grant, outcome }, 0)
  }
  for (const kind of ['page', 'token']) {
    for (const outcome of REQUEST_OUTCOMES) requests.inc({ kind, outcome }, 0)
  }

  return (request, outcome, durationMs) => {
    const kind = request === 'page' ? 'page' : 'token'
    requests.inc({ kind, outcome })
    series[kind].observe(durationMs / 1000)
    if (request !== 'page') renewals.inc({ grant: request, outcome: renewalOutcome(outcome) })
  }
}

function renewalOutcome(outcome: RequestOutcome): 'ok' | 'rejected' | 'failed' {
  if (outcome === 'ok') return 'ok'
  return outcome === 'unauthorized' ? 'rejected' : 'failed'
}

/** Series in promtool notation: `0+1x20` starts at 0 and rises by 1 each minute; `_` is a missing sample. */
export type Series = Record<string, string>

export interface AlertCase {
  /** The minute when the alert has to fire. */
  atMinutes: number
  /** Series that fire the alert. */
  fires: Series
  /** Similar series that must not fire the alert. */
  quiet: Series
  /** Alert labels besides the severity. */
  labels?: Record<string, string>
  summary: string
}

const instance = { job: 'j', instance: 'i' }
const on = (name: string, labels = '') =>
  `${name}{job="j",instance="i"${labels === '' ? '' : `,${labels}`}}`
const ours = (name: string, labels = '') => on(`playlist_proxy_${name}`, labels)

const reason = (type: string) => ours('gate_reason', `reason="${type}"`)
const pausedUntil = ours('gate_paused_until_timestamp_seconds')
const requests = (outcome: string) =>
  ours('spotify_requests_total', `kind="page",outcome="${outcome}"`)
const lookups = (result: string) => ours('cache_lookups_total', `result="${result}"`)
const errors = ours(
  'http_request_duration_seconds_count',
  'route="/status",status="500",cache="none"',
)
const build = ours('build_info')
const second = 'playlist_proxy_build_info{job="j",instance="second"}'
const third = 'playlist_proxy_build_info{job="j",instance="third"}'

/** A test case for each alert. */
export const alertCases: Record<string, AlertCase> = {
  PlaylistProxyAbsent: {
    atMinutes: 14,
    fires: { [build]: '1x10 stale' },
    quiet: { [build]: '1x30' },
    summary: 'No instance of the playlist proxy can be scraped.',
  },
  PlaylistProxyInstancesMissing: {
    atMinutes: 130,
    fires: { [build]: '1x200', [second]: '1x120 stale' },
    // A rollout has an extra instance for ten minutes, and a restart lacks an instance for four.
    quiet: { [build]: '1x200', [second]: '_x100 1x10 stale', [third]: '1x126 _ _ _ _ 1x60' },
    summary: 'Only 1 of the usual instances can be scraped.',
  },
  PlaylistProxyRestarting: {
    atMinutes: 12,
    fires: { [build]: '1x20', [on('process_start_time_seconds')]: '1 1 2 2 3 3 4x20' },
    quiet: { [on('process_start_time_seconds')]: '1 1 2 2 3 3 4x20', [build]: '_x20' },
    labels: instance,
    summary: 'i started 3 times within an hour.',
  },
  PlaylistProxyCredentialsRejected: {
    atMinutes: 12,
    fires: { [ours('token_renewals_total', 'outcome="rejected"')]: '1+1x20' },
    quiet: { [ours('token_renewals_total', 'outcome="failed"')]: '1+1x20' },
    summary: 'Spotify does not accept the client id and secret.',
  },
  PlaylistProxyTokenNotRenewed: {
    atMinutes: 12,
    fires: { [ours('token_expires_timestamp_seconds')]: '0x20' },
    quiet: { [ours('token_expires_timestamp_seconds')]: '3600x20' },
    labels: instance,
    summary: 'i has no app token, or one that is about to expire.',
  },
  PlaylistProxyAccessDenied: {
    atMinutes: 12,
    fires: { [reason('spotify-access-denied')]: '1x20' },
    quiet: { [reason('spotify-access-denied')]: '0x20', [reason('spotify-unavailable')]: '1x20' },
    summary: 'Spotify denies the app access to playlists; a person has to act.',
  },
  PlaylistProxyQuotaExceeded: {
    atMinutes: 12,
    fires: { [reason('spotify-quota-exceeded')]: '1x20', [pausedUntil]: '86400x20' },
    quiet: { [reason('spotify-quota-exceeded')]: '1x20', [pausedUntil]: '600x20' },
    summary: 'The quota that Spotify grants the developer account is used up.',
  },
  PlaylistProxyRateLimited: {
    atMinutes: 59,
    fires: { [requests('rate-limited')]: '1+1x60' },
    quiet: {
      [requests('rate-limited')]: '1x30 3x30',
      [reason('spotify-rate-limited')]: '1x60',
      [pausedUntil]: '120x60',
    },
    summary: 'Spotify has rate limited the app for long or repeatedly.',
  },
  PlaylistProxySpotifyUnavailable: {
    atMinutes: 15,
    fires: {
      [reason('spotify-unavailable')]: '1 0 1 1 0 1 0 1 1 0 1 0 1 1 0 1 0 1',
      [requests('unavailable')]: '0+1x20',
    },
    quiet: { [reason('spotify-unavailable')]: '1x20', [requests('unavailable')]: '3x20' },
    summary: 'Spotify has been unavailable for ten minutes.',
  },
  PlaylistProxyBudgetNearlySpent: {
    atMinutes: 12,
    fires: { [ours('spotify_requests_24h')]: '800x20', [ours('spotify_budget')]: '1000x20' },
    quiet: { [ours('spotify_requests_24h')]: '799x20', [ours('spotify_budget')]: '1000x20' },
    labels: instance,
    summary:
      '80% of SPOTIFY_DAILY_BUDGET is spent; the service no longer revalidates cached lists.',
  },
  PlaylistProxyBudgetSpent: {
    atMinutes: 12,
    fires: { [ours('spotify_requests_24h')]: '1000x20', [ours('spotify_budget')]: '1000x20' },
    quiet: { [ours('spotify_requests_24h')]: '1000x20' },
    labels: instance,
    summary: 'SPOTIFY_DAILY_BUDGET is spent; the service serves cached lists only.',
  },
  PlaylistProxyLookupsFailing: {
    atMinutes: 16,
    fires: { [lookups('failed')]: '0+10x20', [lookups('hit')]: '0+90x20' },
    quiet: { [lookups('failed')]: '0 1 2 3 4 5 5x20', [lookups('hit')]: '0x20' },
    summary: '10% of lookups end without data.',
  },
  PlaylistProxyAnswersOld: {
    atMinutes: 46,
    fires: { [lookups('stale-if-error')]: '0+25x60', [lookups('hit')]: '0+75x60' },
    quiet: { [lookups('stale-if-error')]: '0+19x60', [lookups('hit')]: '0+81x60' },
    summary: '25% of responses are stale lists, because Spotify does not respond.',
  },
  PlaylistProxyInternalErrors: {
    atMinutes: 20,
    fires: { [errors]: '_x15 1x10' },
    quiet: { [errors]: '1x30' },
    summary: 'The service returned internal-error: a bug, or a file that it cannot write.',
  },
  PlaylistProxyQueueing: {
    atMinutes: 12,
    fires: { [ours('spotify_queued')]: '3x20' },
    quiet: { [ours('spotify_queued')]: '90 0 90 90 0 90 90 0 90 90 0 90 90 0' },
    labels: instance,
    summary: 'Lookups at i wait for a slot all the time.',
  },
  PlaylistProxyCacheTooSmall: {
    atMinutes: 125,
    fires: {
      [ours('cache_bytes')]: '95x130',
      [ours('cache_max_bytes')]: '100x130',
      [ours('cache_evictions_total')]: '0+5x130',
    },
    quiet: {
      [ours('cache_bytes')]: '95x130',
      [ours('cache_max_bytes')]: '100x130',
      [ours('cache_evictions_total')]: '0+1x130',
    },
    labels: instance,
    summary: 'i evicts cached users and asks Spotify for them again.',
  },
  PlaylistProxySharedCacheDegraded: {
    atMinutes: 12,
    fires: { [ours('shared_cache_state', 'state="degraded"')]: '1x20' },
    quiet: { [ours('shared_cache_state', 'state="degraded"')]: '1 1 1 1 0 1 1 1 1 0 0x20' },
    labels: { ...instance, state: 'degraded' },
    summary: 'i runs without the shared cache.',
  },
  PlaylistProxyMemoryHigh: {
    atMinutes: 20,
    fires: {
      [on('process_resident_memory_bytes')]: '1073741824x30',
      [ours('cache_max_bytes')]: '268435456x30',
    },
    quiet: {
      [on('process_resident_memory_bytes')]: '700000000x30',
      [ours('cache_max_bytes')]: '268435456x30',
    },
    labels: instance,
    summary: 'i holds 1GiB, more than its cache explains.',
  },
  PlaylistProxyEventLoopSlow: {
    atMinutes: 15,
    fires: { [on('nodejs_eventloop_lag_p99_seconds')]: '0.25x20', [build]: '1x20' },
    quiet: { [on('nodejs_eventloop_lag_p99_seconds')]: '0.25x20' },
    labels: instance,
    summary: 'The event loop of i runs 250ms late.',
  },
  PlaylistProxyLogLinesDropped: {
    atMinutes: 12,
    fires: { [ours('log_lines_dropped_total')]: '0x10 5x10' },
    quiet: { [ours('log_lines_dropped_total')]: '5x20' },
    labels: instance,
    summary: 'i drops log lines that it cannot write.',
  },
  PlaylistProxyUnknownApiKeys: {
    atMinutes: 20,
    fires: { [ours('callers_refused_total', 'reason="unknown-api-key"')]: '0+2x30' },
    quiet: { [ours('callers_refused_total', 'reason="caller-rate-limited"')]: '0+2x30' },
    summary: '30 requests within 15 minutes had no valid API key.',
  },
  PlaylistProxyLinkBroken: {
    atMinutes: 20,
    fires: { [ours('links', 'state="refused"')]: '2x30' },
    quiet: {
      [ours('links', 'state="active"')]: '5x30',
      [ours('links', 'state="doubtful"')]: '0x5 1x10 0x20',
    },
    labels: { ...instance, state: 'refused' },
    summary: '2 linked accounts at i are refused.',
  },
  PlaylistProxyLinkConsentEnds: {
    atMinutes: 12,
    fires: { [ours('links_consent_end_timestamp_seconds')]: '605000x20' },
    quiet: {
      [ours('links_consent_end_timestamp_seconds')]: '605600x20',
      'playlist_proxy_links_consent_end_timestamp_seconds{job="j",instance="none"}': '0x20',
    },
    labels: instance,
    summary: 'The consent to a linked account at i ends within 7 days.',
  },
  PlaylistProxyLinksUnwritable: {
    atMinutes: 12,
    fires: { [ours('links_unwritable')]: '1x20' },
    quiet: { [ours('links_unwritable')]: '1 1 1 1 0 1 1 1 1 0x20' },
    labels: instance,
    summary: 'i cannot write LINKS_FILE, so it renews no token of a linked account.',
  },
  PlaylistProxyLinkReadsPrivate: {
    atMinutes: 20,
    fires: { [ours('linked_entries_left_out_total', 'public="false"')]: '0x10 3x20' },
    quiet: {
      [ours('linked_entries_left_out_total', 'public="false"')]: '0x30',
      [ours('linked_entries_left_out_total', 'public="null"')]: '0+2x30',
    },
    labels: { ...instance, public: 'false' },
    summary: 'Spotify sends i private playlists, although no owner has granted that.',
  },
}

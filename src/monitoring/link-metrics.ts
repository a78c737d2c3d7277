import { Counter, Gauge, type Registry } from 'prom-client'
import type { LinkedAccountsService } from '../http/routes/linked-accounts.ts'

/** The linked accounts that the metrics show. */
export type LinkSources = Pick<LinkedAccountsService, 'status' | 'leftOut' | 'attempts'>

const STATES = ['active', 'doubtful', 'refused', 'ended', 'unreadable'] as const

/** Registers metrics of linked accounts, which read their sources at each scrape. */
export function linkMetrics(register: Registry, sources: LinkSources): void {
  const { status, leftOut, attempts } = sources
  new Gauge({
    name: 'playlist_proxy_links',
    help: 'Linked accounts by state.',
    labelNames: ['state'],
    registers: [register],
    collect() {
      const counts = status()
      for (const state of STATES) this.set({ state }, counts[state])
    },
  })
  new Gauge({
    name: 'playlist_proxy_links_consent_end_timestamp_seconds',
    help: 'When the earliest consent to a link ends; 0 without a link that works.',
    registers: [register],
    collect() {
      const end = status().next_consent_end
      this.set(end === null ? 0 : Date.parse(end) / 1000)
    },
  })
  new Gauge({
    name: 'playlist_proxy_links_unwritable',
    help: '1 while the file of linked accounts cannot be written.',
    registers: [register],
    collect() {
      this.set(Number(status().state === 'unwritable'))
    },
  })
  new Counter({
    name: 'playlist_proxy_linked_entries_left_out_total',
    help: 'Playlists of linked users that the service left out, by their "public" member.',
    labelNames: ['public'],
    registers: [register],
    collect() {
      this.reset()
      for (const [value, count] of Object.entries(leftOut)) this.inc({ public: value }, count)
    },
  })
  new Counter({
    name: 'playlist_proxy_link_attempts_total',
    help: 'Attempts to link an account by result.',
    labelNames: ['result'],
    registers: [register],
    collect() {
      this.reset()
      for (const [result, count] of Object.entries(attempts)) this.inc({ result }, count)
    },
  })
}

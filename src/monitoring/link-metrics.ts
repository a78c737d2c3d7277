import type { Registry } from 'prom-client'
import type { LinkedAccountsService } from '../http/routes/linked-accounts.ts'
import { type Sample, scrapedMetrics } from './scraped-metrics.ts'

/** Linked accounts, as shown in metrics. */
export type LinkSources = Pick<LinkedAccountsService, 'status' | 'leftOut' | 'attempts'>

const STATES = ['active', 'doubtful', 'refused', 'ended', 'unreadable'] as const

/** Registers metrics for linked accounts, read on each scrape. */
export function linkMetrics(register: Registry, sources: LinkSources): void {
  const { status, leftOut, attempts } = sources
  const { counter, gauge } = scrapedMetrics(register)
  gauge('links', 'Linked accounts by state.', () => {
    const counts = status()
    return STATES.map(state => ({ labels: { state }, value: counts[state] }))
  })
  gauge(
    'links_consent_end_timestamp_seconds',
    'When the earliest consent ends; 0 without a working link.',
    () => {
      const end = status().next_consent_end
      return end === null ? 0 : Date.parse(end) / 1000
    },
  )
  gauge('links_unwritable', '1 while the links file is unwritable.', () =>
    Number(status().state === 'unwritable'),
  )
  counter(
    'linked_entries_left_out_total',
    'Playlists left out of lists for linked users, by "public" member.',
    () => samples('public', leftOut),
  )
  counter('link_attempts_total', 'Attempts to link an account by result.', () =>
    samples('result', attempts),
  )
}

function samples(label: string, counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }))
}

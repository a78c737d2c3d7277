import { type Link, liveRecord } from './link.ts'
import { faultOf, remedyOf } from './link-problems.ts'
import { isEnded } from './link-record.ts'
import { consentEndsAt, type LinkState } from './link-state.ts'
import type { Links } from './links.ts'

/** A link as `GET /links` shows it to administrators: without secrets, and with ISO 8601 instants. */
export function reportOf(link: Link) {
  const { userId, state, record, lastUsedAt } = link
  const live = liveRecord(link)
  const fault = faultOf(state)
  const endedAt = record !== undefined && isEnded(record) ? record.endedAt : undefined
  return {
    user: userId,
    state: state.name,
    linked_at: iso(live?.consentAt),
    consent_ends_at: iso(live === undefined ? endedAt : consentEndsAt(live.consentAt)),
    last_used_at: iso(lastUsedAt),
    reason: fault ?? null,
    remedy: fault === undefined ? null : remedyOf(fault),
  }
}

/** Linked accounts as shown by `/status`: numbers, no names. A link to another user counts as ended. */
export interface LinksStatus extends Record<Exclude<LinkState['name'], 'mismatch'>, number> {
  /** Whether changes can be written to the file. */
  state: 'ok' | 'unwritable'
  /** When the earliest consent ends; null without a working link. */
  next_consent_end: string | null
}

/** Summarises all links. */
export function statusOf(links: Pick<Links, 'list' | 'isUnwritable'>): LinksStatus {
  const counts = { active: 0, doubtful: 0, refused: 0, ended: 0, unreadable: 0 }
  const ends: number[] = []
  for (const link of links.list()) {
    const { name } = link.state
    counts[name === 'mismatch' ? 'ended' : name]++
    const record = liveRecord(link)
    if (record !== undefined) ends.push(consentEndsAt(record.consentAt))
  }
  const earliest = ends.length === 0 ? undefined : Math.min(...ends)
  return {
    state: links.isUnwritable ? 'unwritable' : 'ok',
    ...counts,
    next_consent_end: iso(earliest),
  }
}

function iso(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString()
}

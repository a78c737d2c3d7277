import type { Log } from '../lib/logger.ts'
import { faultOf, remedyOf } from './link-problems.ts'
import { type EndedRecord, isEnded, type LinkRecord } from './link-record.ts'
import { ACTIVE, type LinkState } from './link-state.ts'

/** How long the row for an ended link stays: Spotify's terms require deletion within five days. */
const KEEP_ENDED_MS = 5 * 86_400_000

/** A linked account held in `Links`. */
export interface Link {
  readonly userId: string
  /** Empty if the record is unreadable. */
  readonly linkId: string
  /** Undefined if the record is unreadable. */
  record: LinkRecord | EndedRecord | undefined
  /** The record as stored in the file; undefined if the record has changed since. */
  sealed: string | undefined
  state: LinkState
  /** When the service last read the list, epoch ms; undefined before the first read since startup. */
  lastUsedAt: number | undefined
  /** How many days before the consent ends the last warning was logged; infinite without a warning. */
  warnedDays: number
}

/** Identifies a link for code storing lists. */
export type LinkName = Pick<Link, 'userId' | 'linkId'>

/**
 * Makes a link with this record, or without a readable record. `sealed` is the record's text in the file;
 * undefined if the text must change.
 */
export function newLink(
  userId: string,
  record: LinkRecord | EndedRecord | undefined,
  sealed: string | undefined,
): Link {
  return {
    userId,
    linkId: record?.linkId ?? '',
    record,
    sealed,
    state: stateOf(record),
    lastUsedAt: undefined,
    warnedDays: Number.POSITIVE_INFINITY,
  }
}

/** The link's record; undefined if the link has ended or the record is unreadable. */
export function liveRecord({ record }: Link): LinkRecord | undefined {
  return record === undefined || isEnded(record) ? undefined : record
}

/** Whether a link ended too long before `now` (epoch ms) to keep the row. */
export function isOldRow({ record }: Link, now: number): boolean {
  return record !== undefined && isEnded(record) && now - record.endedAt >= KEEP_ENDED_MS
}

/** Logs a link's new state. */
export function logState({ userId, state }: Link, log: Log): void {
  const fault = faultOf(state)
  const level = LEVELS[state.name] ?? 'warn'
  const facts = fault === undefined ? {} : { reason: fault, remedy: remedyOf(fault) }
  log[level]({ user_id: userId, ...facts }, MESSAGES[state.name])
}

const LEVELS: Partial<Record<LinkState['name'], 'info' | 'error'>> = {
  active: 'info',
  unreadable: 'error',
}
const MESSAGES: Readonly<Record<LinkState['name'], string>> = {
  active: 'the link to an account works again',
  doubtful: 'Spotify says that the link to an account has ended; asking once more',
  refused: 'Spotify refused the link to an account',
  ended: 'the link to an account ended',
  mismatch: 'the link to an account ended',
  unreadable: 'cannot decrypt the record of a linked account',
}

function stateOf(record: LinkRecord | EndedRecord | undefined): LinkState {
  if (record === undefined) return { name: 'unreadable' }
  if (!isEnded(record)) return ACTIVE
  const { reason } = record
  return { name: reason === 'other-user' ? 'mismatch' : 'ended', reason }
}

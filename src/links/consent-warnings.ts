import type { Log } from '../lib/logger.ts'
import { type Link, liveRecord } from './link.ts'
import { remedyOf } from './link-problems.ts'
import { consentEndsAt } from './link-state.ts'

const DAY_MS = 86_400_000
/** The log warns once at each of these numbers of days before a consent ends. */
const WARNING_DAYS = [30, 7, 1] as const

/** Logs a warning if the link's consent ends soon after `now` (epoch ms), once for each of `WARNING_DAYS`. */
export function warnOfEnd(link: Link, now: number, log: Log): void {
  const record = liveRecord(link)
  if (record === undefined) return
  const endsAt = consentEndsAt(record.consentAt)
  const days = WARNING_DAYS.findLast(limit => endsAt - now <= limit * DAY_MS)
  if (days === undefined || days >= link.warnedDays) return
  link.warnedDays = days
  log.warn(
    {
      user_id: link.userId,
      consent_ends_at: new Date(endsAt).toISOString(),
      remedy: remedyOf('consent-expired'),
    },
    'the consent of a linked account ends soon',
  )
}

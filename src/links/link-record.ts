/** The stored record of a linked account. */
export interface LinkRecord {
  /** The canonical user id. */
  readonly userId: string
  /** Identifies this consent: the same user's next consent has another id. */
  readonly linkId: string
  /** Spotify's account id, unaffected by renaming; undefined if Spotify did not send it. */
  readonly accountId?: string
  readonly refreshToken: string
  /** Epoch milliseconds. */
  readonly consentAt: number
}

const END_REASONS = ['consent-revoked', 'consent-expired', 'other-user'] as const

/** Why a link ended, as shown by `GET /links` and the log. */
export type EndReason = (typeof END_REASONS)[number]

/** The record of an ended link, stored for five days. */
export interface EndedRecord {
  readonly userId: string
  readonly linkId: string
  readonly reason: EndReason
  /** Epoch milliseconds. */
  readonly endedAt: number
}

/**
 * Reads the record from an opened text stored under `userId`. Returns undefined if the content is not a record,
 * or is another user's record that somebody moved here.
 */
export function recordFor(userId: string, value: unknown): LinkRecord | EndedRecord | undefined {
  const record = (value ?? {}) as Partial<LinkRecord & EndedRecord>
  const { linkId } = record
  if (record.userId !== userId || typeof linkId !== 'string') return undefined
  const { reason, endedAt, accountId, refreshToken, consentAt } = record
  if (isInstant(endedAt) && reason !== undefined && END_REASONS.includes(reason)) {
    return { userId, linkId, reason, endedAt }
  }
  if (typeof refreshToken !== 'string' || !isInstant(consentAt)) return undefined
  const account = typeof accountId === 'string' ? { accountId } : {}
  return { userId, linkId, ...account, refreshToken, consentAt }
}

export function isEnded(record: LinkRecord | EndedRecord): record is EndedRecord {
  return 'endedAt' in record
}

function isInstant(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

import type { LinkName } from '../../src/links/link.ts'
import type { SealedRecords } from '../../src/links/link-file.ts'
import type { LinkRecord } from '../../src/links/link-record.ts'
import { Links, type LinksOptions } from '../../src/links/links.ts'
import { Sealer } from '../../src/links/sealing.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'

/** An in-memory file with failures on demand. */
export class MemoryFile {
  records: SealedRecords = new Map()
  writes = 0
  /** The error thrown by each write; undefined if writes succeed. */
  failure: Error | undefined
  /** Each write waits for this promise. */
  held: Promise<void> | undefined

  async write(records: SealedRecords): Promise<void> {
    this.writes++
    await this.held
    if (this.failure !== undefined) throw this.failure
    this.records = new Map(records)
  }
}

export const DAY_MS = 86_400_000

/** Links on an in-memory file, with everything around them. */
export function linksFor(overrides: Partial<LinksOptions> = {}) {
  const clock = new ManualClock()
  const file = new MemoryFile()
  const sealer = new Sealer('a client secret')
  const { logger: log, lines, written } = recordingLogger()
  const forgotten: LinkName[] = []
  const forget = async ({ userId, linkId }: LinkName) => {
    forgotten.push({ userId, linkId })
  }
  const links = new Links({ file, sealer, clock, log, forget, ...overrides })
  /** The file contents for a user. */
  const kept = async (userId: string) => {
    const sealed = file.records.get(userId)
    return sealed === undefined ? undefined : (await sealer.open('link record', sealed))?.value
  }
  /** Links in a new process on the same file. */
  const restarted = async (options: Partial<LinksOptions> = {}) => {
    const next = new Links({ file, sealer, clock, log, forget, ...overrides, ...options })
    await next.load(file.records)
    return next
  }
  const messages = () => lines().map(({ level, msg }) => `${level}: ${msg}`)
  return { links, clock, file, sealer, log, lines, written, messages, forgotten, kept, restarted }
}

/** The record for a consent when the clock starts. */
export function recordOf(userId: string, changes: Partial<LinkRecord> = {}): LinkRecord {
  const consentAt = new ManualClock().now()
  const linkId = `link of ${userId}`
  return { userId, linkId, accountId: 'account', refreshToken: 'AQ-first', consentAt, ...changes }
}

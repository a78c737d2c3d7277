import { type Clock, repeat } from '../lib/clock.ts'
import { warnOfEnd } from './consent-warnings.ts'
import { Forgetting } from './forgetting.ts'
import { isOldRow, type Link, type LinkName, liveRecord, logState, newLink } from './link.ts'
import type { SealedRecords } from './link-file.ts'
import { linkWithdrawn } from './link-problems.ts'
import { type LinkRecord, recordFor } from './link-record.ts'
import { afterEvent, type LinkEvent } from './link-state.ts'
import { LinkStore, type LinkStoreOptions } from './link-store.ts'
import { Removals } from './removals.ts'

const SWEEP_MS = 3_600_000

export interface LinksOptions extends LinkStoreOptions {
  clock: Clock
  /**
   * Called when the lists of a link must not be served any more, and again after a failure. Resolves when
   * they are removed everywhere; logs a failure.
   */
  forget: (link: LinkName) => Promise<void>
}

/** All linked accounts, in memory and in the file. */
export class Links {
  readonly #options: LinksOptions
  readonly #store: LinkStore
  readonly #links = new Map<string, Link>()
  readonly #removals: Removals
  readonly #forgetting: Forgetting
  readonly #stopSweeping: () => void

  /** Starts to check every hour for consents that end. */
  constructor(options: LinksOptions) {
    this.#options = options
    this.#store = new LinkStore(options, () => this.list())
    this.#forgetting = new Forgetting(options.forget)
    this.#removals = new Removals(options.clock)
    this.#stopSweeping = repeat(options.clock, SWEEP_MS, () => this.sweep())
  }

  /**
   * Loads the records of the file. An unreadable record stays in the file as it is. Resolves with true if the
   * previous key sealed some records, so that the caller should write the file.
   */
  async load(records: SealedRecords): Promise<boolean> {
    const { sealer, log } = this.#options
    for (const [userId, sealed] of records) {
      const opened = await sealer.open('link record', sealed)
      const record = opened && recordFor(userId, opened.value)
      const isToReseal = record !== undefined && opened?.isCurrent === false
      const link = newLink(userId, record, isToReseal ? undefined : sealed)
      this.#links.set(userId, link)
      if (record === undefined) logState(link, log)
    }
    return this.list().some(link => link.sealed === undefined)
  }

  /** The link of a user with this canonical id, in any state. */
  find(userId: string): Link | undefined {
    return this.#links.get(userId)
  }

  list(): readonly Link[] {
    return [...this.#links.values()]
  }

  /** Whether nobody has removed or replaced the link. */
  has(link: Link): boolean {
    return this.#links.get(link.userId) === link
  }

  /** Whether somebody unlinked the user after `instant` (epoch ms). */
  isRemovedSince(userId: string, instant: number): boolean {
    return this.#removals.isSince(userId, instant)
  }

  /** Whether the file may lack changes, because it could not be written. */
  get isUnwritable(): boolean {
    return this.#store.isUnwritable
  }

  /**
   * Adds a link once it is in the file. An earlier link of the same user stays until then; then its lists are
   * forgotten. `askedAt` is when the owner was asked to agree (epoch ms).
   *
   * @throws {Problem} if somebody has unlinked the user since `askedAt`, or the file cannot be written. Then
   * the links stay as they are.
   */
  async add(record: LinkRecord, askedAt = record.consentAt): Promise<Link> {
    const { userId } = record
    const link = newLink(userId, record, undefined)
    const isOther = (other: Link) => other.userId !== userId
    const refuseIfRemoved = () => {
      if (this.isRemovedSince(userId, askedAt)) throw linkWithdrawn()
    }
    try {
      await this.#store.write(() => {
        refuseIfRemoved()
        return [...this.list().filter(isOther), link]
      })
      refuseIfRemoved()
    } catch (error) {
      // The file may have the link. The store logs a failure, and the sweep writes the file again.
      await this.save().catch(() => {})
      throw error
    }
    const earlier = this.#links.get(userId)
    this.#links.set(userId, link)
    this.#options.log.info({ user_id: userId }, 'linked an account')
    // The sweep tries again.
    if (earlier !== undefined) await this.#forgetting.run(earlier).catch(() => {})
    return link
  }

  /**
   * Removes a user's link from memory at once, and its token and its lists from all files before it resolves.
   * Until a restart, earlier invitations can no longer link the account.
   *
   * @throws {Problem} if a file cannot be written; the sweep tries again.
   */
  async remove(userId: string): Promise<void> {
    this.#removals.add(userId)
    const link = this.#links.get(userId)
    if (link !== undefined) {
      this.#links.delete(userId)
      this.#options.log.info({ user_id: userId }, 'unlinked an account')
    }
    // Runs even without a link, since an earlier removal may be in progress or have failed.
    const forgotten = this.#forgetting.run(link)
    const saved = link === undefined ? this.#store.retry() : this.save()
    await Promise.allSettled([forgotten, saved])
    await Promise.all([forgotten, saved])
  }

  /**
   * Replaces the refresh token of a link, since Spotify may accept only the newest one.
   *
   * @throws {Problem} if the file cannot be written; the token stays in memory for the next write.
   */
  async replaceToken(link: Link, refreshToken: string): Promise<void> {
    const record = liveRecord(link)
    if (record === undefined || !this.has(link)) return
    link.record = { ...record, refreshToken }
    link.sealed = undefined
    await this.save()
  }

  /**
   * Records what happened to a link. A link that ends loses its token and its lists: from memory at once, and
   * from the file as soon as that can be written.
   */
  async report(link: Link, event: LinkEvent): Promise<void> {
    const { clock, log } = this.#options
    const record = liveRecord(link)
    if (record === undefined || !this.has(link)) return
    const now = clock.now()
    if (event.kind === 'read') link.lastUsedAt = now
    const before = link.state
    const instant = { now, nowMs: clock.monotonic() }
    link.state = afterEvent(before, event, record.consentAt, instant)
    if (link.state === before) return
    logState(link, log)
    if (link.state.name !== 'ended' && link.state.name !== 'mismatch') return
    const { userId, linkId } = record
    link.record = { userId, linkId, reason: link.state.reason, endedAt: now }
    link.sealed = undefined
    // Failures are in the log, and the sweep tries again.
    await Promise.allSettled([this.#forgetting.run(link), this.save()])
  }

  /**
   * Writes the file, with all changes until now.
   *
   * @throws {Problem} if the file cannot be written; the sweep tries again.
   */
  save(): Promise<void> {
    return this.#store.write()
  }

  /** Warns of consents that end, removes old rows, and retries what failed before. */
  async sweep(): Promise<void> {
    const { clock, log } = this.#options
    const now = clock.now()
    const old = this.list().filter(link => isOldRow(link, now))
    for (const { userId } of old) this.#links.delete(userId)
    this.#removals.dropOld()
    for (const link of this.list()) warnOfEnd(link, now, log)
    // Failures are in the log, and the next sweep tries again.
    const saved = old.length > 0 ? this.save() : this.#store.retry()
    await Promise.allSettled([this.#forgetting.run(), saved])
  }

  /** Stops the timer and waits for the writes in flight. */
  async close(): Promise<void> {
    this.#stopSweeping()
    await this.#store.settled()
  }
}

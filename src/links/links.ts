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
   * Called when a link's lists must no longer be served, and again after a failure. Resolves when the lists are
   * removed everywhere; logs failures.
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

  /** Starts the hourly check for ending consents. */
  constructor(options: LinksOptions) {
    this.#options = options
    this.#store = new LinkStore(options, () => this.list())
    this.#forgetting = new Forgetting(options.forget)
    this.#removals = new Removals(options.clock)
    this.#stopSweeping = repeat(options.clock, SWEEP_MS, () => this.sweep())
  }

  /**
   * Loads the records from the file. An unreadable record stays in the file unchanged. Resolves with true if
   * some records are sealed with the previous key, so the caller should write the file.
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

  /** The link for the user with this canonical id, in any state. */
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

  /** Whether the file might lack changes after a failed write. */
  get isUnwritable(): boolean {
    return this.#store.isUnwritable
  }

  /**
   * Adds a link once it is in the file. Until then, the user's earlier link stays; then that link's lists are
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
      // The file might contain the link. The store logs a failure, and the sweep writes the file again.
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
   * Removes a user's link from memory at once, and the token and lists from all files before resolving. Until a
   * restart, earlier invitations can no longer link the account.
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
    // Runs even without a link, since an earlier removal might be in progress or have failed.
    const forgotten = this.#forgetting.run(link)
    const saved = link === undefined ? this.#store.retry() : this.save()
    await Promise.allSettled([forgotten, saved])
    await Promise.all([forgotten, saved])
  }

  /**
   * Replaces a link's refresh token, since Spotify might accept only the newest token.
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
   * Records what happened to a link. When a link ends, the token and lists go: from memory at once, and from
   * the file as soon as it can be written.
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

  /** Warns about ending consents, removes old rows, and retries what failed previously. */
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

  /** Stops the timer and waits for writes in flight. */
  async close(): Promise<void> {
    this.#stopSweeping()
    await this.#store.settled()
  }
}

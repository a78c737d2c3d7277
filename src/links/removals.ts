import type { Clock } from '../lib/clock.ts'
import { INVITATION_MS } from './tickets.ts'

/**
 * When users were unlinked, so no earlier invitation links them again. Kept for a day, as long as an invitation
 * is valid, and only in memory, since no file may keep an unlinked user's id.
 */
export class Removals {
  readonly #clock: Clock
  /** Epoch milliseconds by user. */
  readonly #removedAt = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(userId: string): void {
    this.#removedAt.set(userId, this.#clock.now())
  }

  /** Whether somebody unlinked the user after `instant` (epoch ms). */
  isSince(userId: string, instant: number): boolean {
    const removedAt = this.#removedAt.get(userId)
    return removedAt !== undefined && instant < removedAt
  }

  /** Drops removals older than every valid invitation. */
  dropOld(): void {
    const now = this.#clock.now()
    for (const [userId, removedAt] of this.#removedAt) {
      if (now - removedAt >= INVITATION_MS) this.#removedAt.delete(userId)
    }
  }
}

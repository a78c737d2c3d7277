import type { Clock } from '../lib/clock.ts'
import { INVITATION_MS } from './tickets.ts'

/**
 * When users were unlinked, so that no invitation from before links them again. Kept in memory only and for
 * a day, since no user id may stay in a file after the unlinking, and invitations are valid for a day.
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

  /** Drops removals that are older than every valid invitation. */
  dropOld(): void {
    const now = this.#clock.now()
    for (const [userId, removedAt] of this.#removedAt) {
      if (now - removedAt >= INVITATION_MS) this.#removedAt.delete(userId)
    }
  }
}

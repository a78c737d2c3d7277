import { type DayLookup, playlistsAt } from './day-world.ts'
import { quantile } from './statistics.ts'

/** What a system answered a lookup with: a list of so many playlists and of that age, or a failure. */
export type DayAnswer =
  | { kind: string; total: number; ageSeconds: number }
  | { kind: string; total?: never }

/** What one system made of the day. */
export class DayTally {
  /** Answers by kind. */
  readonly kinds: Record<string, number> = {}
  /** Lookups of users who have been answered before. */
  seenBefore = 0
  /** Those of them that failed, by kind. */
  readonly seenBeforeFailed: Record<string, number> = {}
  /** Lists that had changed since. */
  outdated = 0
  readonly #agesSeconds: number[] = []
  readonly #seen = new Set<number>()

  add({ user, atMs }: DayLookup, answer: DayAnswer): void {
    this.kinds[answer.kind] = (this.kinds[answer.kind] ?? 0) + 1
    const isSeen = this.#seen.has(user)
    if (isSeen) this.seenBefore++
    if (answer.total === undefined) {
      if (isSeen) {
        this.seenBeforeFailed[answer.kind] = (this.seenBeforeFailed[answer.kind] ?? 0) + 1
      }
      return
    }
    this.#seen.add(user)
    this.#agesSeconds.push(answer.ageSeconds)
    if (answer.total !== playlistsAt(user, atMs)) this.outdated++
  }

  /** The age in seconds that this share of the answers does not exceed. */
  age(share: number): number {
    return quantile(this.#agesSeconds, share)
  }

  /** Percent of the lookups of users seen before that were answered. */
  get answeredPercent(): number {
    const failed = Object.values(this.seenBeforeFailed).reduce((sum, count) => sum + count, 0)
    return 100 * (1 - failed / this.seenBefore)
  }
}

import { type DayLookup, playlistsAt } from './day-world.ts'
import { quantile } from './statistics.ts'

/** The response to a lookup: a list with total and age, or a failure. */
export type DayResponse =
  | { kind: string; total: number; ageSeconds: number }
  | { kind: string; total?: never }

/** Stats for a system over the day. */
export class DayStats {
  /** Responses by kind. */
  readonly kinds: Record<string, number> = {}
  /** Lookups for previously served users. */
  seenBefore = 0
  /** Failed lookups for those users, by kind. */
  readonly seenBeforeFailed: Record<string, number> = {}
  /** Responses with an outdated list. */
  outdated = 0
  readonly #agesSeconds: number[] = []
  readonly #seen = new Set<number>()

  add({ user, atMs }: DayLookup, response: DayResponse): void {
    this.kinds[response.kind] = (this.kinds[response.kind] ?? 0) + 1
    const isSeen = this.#seen.has(user)
    if (isSeen) this.seenBefore++
    if (response.total === undefined) {
      if (isSeen) {
        this.seenBeforeFailed[response.kind] = (this.seenBeforeFailed[response.kind] ?? 0) + 1
      }
      return
    }
    this.#seen.add(user)
    this.#agesSeconds.push(response.ageSeconds)
    if (response.total !== playlistsAt(user, atMs)) this.outdated++
  }

  /** Returns the age at quantile `share` (0 to 1), in seconds. */
  age(share: number): number {
    return quantile(this.#agesSeconds, share)
  }

  /** Success rate for previously served users, in percent. */
  get servedPercent(): number {
    const failed = Object.values(this.seenBeforeFailed).reduce((sum, count) => sum + count, 0)
    return 100 * (1 - failed / this.seenBefore)
  }
}

import { PAGE, SpotifyOfTheDay } from './day-spotify.ts'
import { type DayAnswer, DayTally } from './day-tally.ts'
import type { DayLookup } from './day-world.ts'

/**
 * What most people build: a list is kept for a time and then read again, page after page; when
 * Spotify does not answer, neither does it. Without a lifetime, nothing is kept.
 */
export function playSimple(lookups: readonly DayLookup[], lifetimeMs: number) {
  const spotify = new SpotifyOfTheDay()
  const tally = new DayTally()
  const stored = new Map<number, { atMs: number; total: number }>()

  const read = ({ user, atMs }: DayLookup): DayAnswer => {
    for (let offset = 0; ; offset += PAGE) {
      const page = spotify.ask(user, offset, atMs)
      if (page.kind !== '200') return { kind: `failed: ${page.kind}` }
      if (offset + PAGE < page.total) continue
      stored.set(user, { atMs, total: page.total })
      return { kind: 'miss', total: page.total, ageSeconds: 0 }
    }
  }

  for (const lookup of lookups) {
    const kept = stored.get(lookup.user)
    const isFresh = kept !== undefined && lookup.atMs < kept.atMs + lifetimeMs
    const ageSeconds = kept === undefined ? 0 : (lookup.atMs - kept.atMs) / 1000
    tally.add(lookup, isFresh ? { kind: 'hit', total: kept.total, ageSeconds } : read(lookup))
  }
  return { spotify, tally }
}

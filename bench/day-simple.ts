import { PAGE, SpotifyOfTheDay } from './day-spotify.ts'
import { type DayResponse, DayStats } from './day-stats.ts'
import type { DayLookup } from './day-world.ts'

/**
 * Plays the day against a simple cache: it caches a list for a lifetime, then reads it again page by page,
 * and fails when Spotify fails. A lifetime of 0 disables the cache.
 */
export function playSimple(lookups: readonly DayLookup[], lifetimeMs: number) {
  const spotify = new SpotifyOfTheDay()
  const stats = new DayStats()
  const cache = new Map<number, { atMs: number; total: number }>()

  const read = ({ user, atMs }: DayLookup): DayResponse => {
    for (let offset = 0; ; offset += PAGE) {
      const page = spotify.request(user, offset, atMs)
      if (page.kind !== '200') return { kind: `failed: ${page.kind}` }
      if (offset + PAGE < page.total) continue
      cache.set(user, { atMs, total: page.total })
      return { kind: 'miss', total: page.total, ageSeconds: 0 }
    }
  }

  for (const lookup of lookups) {
    const cached = cache.get(lookup.user)
    const isFresh = cached !== undefined && lookup.atMs < cached.atMs + lifetimeMs
    const ageSeconds = cached === undefined ? 0 : (lookup.atMs - cached.atMs) / 1000
    stats.add(lookup, isFresh ? { kind: 'hit', total: cached.total, ageSeconds } : read(lookup))
  }
  return { spotify, stats }
}

import { seeded } from './seeded.ts'

/** The length of the day in milliseconds. */
export const DAY_MS = 24 * 3600_000
/** Most lookups are for a few popular users, the rest for many others. */
const USERS = 20_000
/**
 * Two for each user: enough to request popular users in every freshness lifetime, and half of all users at
 * least once, yet few enough for a minute of real time.
 */
export const LOOKUPS = 40_000
const SEED = 20_261_123

/** A lookup during the day. */
export interface DayLookup {
  atMs: number
  user: number
}

/** Returns the lookups in order: users follow Zipf's law with exponent 1, times are uniform over the day. */
export function lookupsOfTheDay(): DayLookup[] {
  const random = seeded(SEED)
  const upTo: number[] = []
  let sum = 0
  for (let rank = 1; rank <= USERS; rank++) {
    sum += 1 / rank
    upTo.push(sum)
  }
  const lookups = Array.from({ length: LOOKUPS }, () => ({
    atMs: Math.floor(random() * DAY_MS),
    user: firstAtLeast(upTo, random() * sum),
  }))
  return lookups.sort((a, b) => a.atMs - b.atMs)
}

/** Finds the index of the first value that is at least `value` in ascending values. */
function firstAtLeast(ascending: readonly number[], value: number): number {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (Number(ascending[middle]) < value) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Returns how many playlists a user has at an instant. Most users have a few, every eighth has two pages, every
 * fiftieth five. Each list grows by one playlist, once in the day.
 */
export function playlistsAt(user: number, atMs: number): number {
  const atFirst = user % 50 === 7 ? 210 : user % 8 === 3 ? 60 : 1 + (user % 12)
  const growsAtMs = (Math.imul(user + 1, 2_654_435_761) >>> 0) % DAY_MS
  return atMs >= growsAtMs ? atFirst + 1 : atFirst
}

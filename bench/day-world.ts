/** A day in which many users are looked up, the few popular ones often. */
export const DAY_MS = 24 * 3600_000
const USERS = 20_000
/**
 * Two for each user. It is enough for the popular users to be asked for in every freshness lifetime
 * and for a half of all to be asked for at all, and little enough for a minute of real time.
 */
export const LOOKUPS = 40_000
const SEED = 20_261_123

/** One lookup of the day. */
export interface DayLookup {
  atMs: number
  user: number
}

/** Numbers from 0 (included) to 1 (excluded), the same each time: mulberry32, public domain. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The lookups in order: users by Zipf's law with exponent 1, instants spread over the day. */
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

/** The index of the first of the ascending values that is not below this one. */
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
 * How many playlists a user has at an instant. Most have a few, every eighth has two pages, every
 * fiftieth has five; each list grows by one about once in a day, at an instant of its own.
 */
export function playlistsAt(user: number, atMs: number): number {
  const atFirst = user % 50 === 7 ? 210 : user % 8 === 3 ? 60 : 1 + (user % 12)
  const growsAtMs = (Math.imul(user + 1, 2_654_435_761) >>> 0) % DAY_MS
  return atMs >= growsAtMs ? atFirst + 1 : atFirst
}

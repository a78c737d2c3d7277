/** List lengths, in playlists; `prefixOf` puts the length into the user id. */
export const SIZES = [5, 30, 100, 250, 600, 2000, 10_000]
export const prefixOf = (playlists: number): string => `list${playlists}-`

/** Most requests are for a few busy users, the rest for many other users. */
const BUSY_USERS = 60
const OTHER_USERS = 20_000
const BUSY_SHARE = 0.7
/** Cumulative user shares for each entry in `SIZES` except the longest: 104 playlists on average. */
const SIZE_SHARES = [0.3, 0.6, 0.85, 0.95, 0.99, 1]
/** One in this many users has the longest list. */
const LONGEST_EVERY = 2000

const FORMATS = ['json', 'text', 'csv', 'excel', 'ndjson', 'html']
const FORMAT_SHARE = 0.5
const MIRROR_SHARE = 0.2
const WINDOW_SHARE = 0.3
const WINDOW = 50
const GZIP_SHARE = 0.5

/** A request in the mix. */
export interface MixedRequest {
  path: string
  headers: Record<string, string>
}

/** Returns how many playlists the nth user has. */
function sizeOf(nth: number): number {
  if (nth % LONGEST_EVERY === LONGEST_EVERY - 1) return Number(SIZES.at(-1))
  // Multiplying by the golden ratio spreads the sizes evenly over the users.
  const share = (nth * 0.618_033_988_749_895) % 1
  return Number(SIZES[SIZE_SHARES.findIndex(end => share < end)])
}

/**
 * Returns the next request: for a busy user or one of the many others, in any format, whole or a window, below
 * `/v1` or not, compressed or not. `random` returns numbers from 0 (included) to 1 (excluded).
 */
export function mixedRequest(random: () => number): MixedRequest {
  const below = (end: number) => Math.floor(random() * end)
  const nth = random() < BUSY_SHARE ? below(BUSY_USERS) : BUSY_USERS + below(OTHER_USERS)
  const playlists = sizeOf(nth)
  const user = `${prefixOf(playlists)}${nth}`
  const headers = { 'accept-encoding': random() < GZIP_SHARE ? 'gzip' : 'identity' }
  if (random() < MIRROR_SHARE) {
    const offset = WINDOW * below(Math.ceil(playlists / WINDOW))
    return { path: `/v1/users/${user}/playlists?limit=${WINDOW}&offset=${offset}`, headers }
  }
  const query = new URLSearchParams()
  if (random() < FORMAT_SHARE) query.set('format', String(FORMATS[below(FORMATS.length)]))
  if (random() < WINDOW_SHARE) {
    query.set('offset', String(below(playlists)))
    query.set('limit', String(1 + below(playlists)))
  }
  return { path: `/users/${user}/playlists?${query}`, headers }
}

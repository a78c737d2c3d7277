import { Problem } from '../problems/problem.ts'
import { JSON_SEPARATOR } from './playlist-list.ts'
import { type Segment, segmentOf } from './serialised-items.ts'

/** Spotify's maximum, which the service always requests. */
export const PAGE_SIZE = 50

/** The members of Spotify's paging object that the service relies on. */
export interface Page {
  /** Entries of the whole list according to this page, including `null`s. */
  total: number
  /** Spotify sends `null` for its own playlists. */
  entries: readonly (Record<string, unknown> | null)[]
  /** The URL of the page, which names the user; undefined if the response has none. */
  href?: string
}

/** The playlists of one page, serialised as soon as the page arrives. */
export interface SerialisedPage {
  total: number
  /** Entries on the page, including `null`s. */
  entries: number
  /** Identify each playlist within one read of the list: its id, or else its JSON, see `distinct`. */
  keys: readonly string[]
  hasItemsWithoutId: boolean
  segment: Segment
}

/**
 * Serialises the playlists of a page.
 *
 * @throws {Problem} `spotify-bad-response` if a playlist cannot be serialised.
 */
export function serialisePage({ total, entries }: Page): SerialisedPage {
  const playlists = entries.filter(entry => entry !== null)
  const items = playlists.map(serialised)
  const segment = segmentOf(items, JSON_SEPARATOR)
  return { total, entries: entries.length, segment, ...keysOf(playlists, items) }
}

/** The keys of these playlists; `items[n]` is the JSON of `playlists[n]`. */
export function keysOf(
  playlists: readonly Record<string, unknown>[],
  items: readonly string[],
): Pick<SerialisedPage, 'keys' | 'hasItemsWithoutId'> {
  const keys = playlists.map(({ id }, index) => (isId(id) ? id : `${items[index]}`))
  return { keys, hasItemsWithoutId: keys.some(isWithoutId) }
}

/** An empty id identifies nothing. */
function isId(id: unknown): id is string {
  return typeof id === 'string' && id.trim() !== ''
}

/** `JSON.parse` accepts any depth, `JSON.stringify` does so only from Node 26 on. */
function serialised(playlist: Record<string, unknown>): string {
  try {
    return JSON.stringify(playlist)
  } catch (cause) {
    const detail = 'The response of Spotify is unusable: a playlist is nested too deeply.'
    throw new Problem('spotify-bad-response', detail, { cause })
  }
}

/** The key of a playlist without an id is its JSON; no id begins with a brace. */
export function isWithoutId(key: string): boolean {
  return key.startsWith('{')
}

/**
 * Returns a function that numbers equal keys of playlists without an id; call it with the pages of one
 * read in order. So equal playlists without an id all stay in the list, and the nth one is a repeat
 * only of the nth one of another read.
 */
export function distinct(): (part: SerialisedPage) => SerialisedPage {
  const seen = new Map<string, number>()
  const keyOf = (key: string) => {
    if (!isWithoutId(key)) return key
    const nth = (seen.get(key) ?? 0) + 1
    seen.set(key, nth)
    return `${key}${nth}`
  }
  return part => (part.hasItemsWithoutId ? { ...part, keys: part.keys.map(keyOf) } : part)
}

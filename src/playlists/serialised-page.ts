import { Problem } from '../problems/problem.ts'
import { JSON_SEPARATOR } from './playlist-list.ts'
import { type Segment, segmentOf } from './serialised-items.ts'

/** Spotify's maximum; the service always requests this many. */
export const PAGE_SIZE = 50

/** The members used from Spotify's paging object. */
export interface Page {
  /** Entries in the whole list according to this page, including `null`s. */
  total: number
  /** Spotify sends `null` for its own playlists. */
  entries: readonly (Record<string, unknown> | null)[]
  /** The page URL, which contains the user id; undefined if the response has no URL. */
  href?: string
}

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A page's playlists, serialised as soon as the page arrives. */
export interface SerialisedPage {
  total: number
  /** Entries on the page, including `null`s. */
  entries: number
  /** Each playlist's id, or the JSON for a playlist without an id. */
  keys: readonly string[]
  segment: Segment
}

/**
 * Serialises a page's playlists.
 *
 * @throws {Problem} `spotify-bad-response` if a playlist cannot be serialised.
 */
export function serialisePage({ total, entries }: Page): SerialisedPage {
  const playlists = entries.filter(entry => entry !== null)
  const items = playlists.map(serialised)
  const segment = segmentOf(items, JSON_SEPARATOR)
  return { total, entries: entries.length, segment, keys: keysOf(playlists, items) }
}

/** Returns the playlist keys; `items[n]` is the JSON for `playlists[n]`. */
export function keysOf(
  playlists: readonly Record<string, unknown>[],
  items: readonly string[],
): string[] {
  return playlists.map(({ id }, index) => (isId(id) ? id : `${items[index]}`))
}

/** An empty id does not identify a playlist. */
function isId(id: unknown): id is string {
  return typeof id === 'string' && id.trim() !== ''
}

/** `JSON.parse` accepts any depth, but `JSON.stringify` does so only since Node 26. */
function serialised(playlist: Record<string, unknown>): string {
  try {
    return JSON.stringify(playlist)
  } catch (cause) {
    const detail = 'The response of Spotify is unusable: a playlist is nested too deeply.'
    throw new Problem('spotify-bad-response', detail, { cause })
  }
}

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

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The playlists of one page, serialised as soon as the page arrives. */
export interface SerialisedPage {
  total: number
  /** Entries on the page, including `null`s. */
  entries: number
  /** The id of each playlist, or the JSON of a playlist without an id. */
  keys: readonly string[]
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
  return { total, entries: entries.length, segment, keys: keysOf(playlists, items) }
}

/** The keys of these playlists; `items[n]` is the JSON of `playlists[n]`. */
export function keysOf(
  playlists: readonly Record<string, unknown>[],
  items: readonly string[],
): string[] {
  return playlists.map(({ id }, index) => (isId(id) ? id : `${items[index]}`))
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

import { Problem } from '../problems/problem.ts'
import { JSON_SEPARATOR } from './playlist-list.ts'
import { type Chunk, chunkOf } from './records.ts'

/** The most that Spotify hands out in one page, and what we always ask for. */
export const PAGE_SIZE = 50

/** One page of Spotify's paging object, reduced to what is safe to rely on. */
export interface Page {
  /** Entries of the whole list as this page counts them, `null`s included. */
  total: number
  /** Spotify-made playlists arrive as `null`. */
  entries: readonly (Record<string, unknown> | null)[]
}

/** What one page contributes, serialised as soon as the page arrived. */
export interface Part {
  total: number
  /** Entries on the page, `null`s included. */
  entries: number
  /** What tells each playlist from the others of its walk: its id, or else its JSON, see `distinct`. */
  keys: readonly string[]
  /** Whether one of them has no id. */
  hasNameless: boolean
  chunk: Chunk
}

/**
 * What this page contributes.
 *
 * @throws {Problem} `spotify-bad-response` when a playlist on it cannot be serialised.
 */
export function partOf({ total, entries }: Page): Part {
  const playlists = entries.filter(entry => entry !== null)
  const records = playlists.map(serialised)
  const chunk = chunkOf(records, JSON_SEPARATOR)
  return { total, entries: entries.length, chunk, ...keysOf(playlists, records) }
}

/** The keys of these playlists; `records[n]` is the JSON of `playlists[n]`. */
export function keysOf(
  playlists: readonly Record<string, unknown>[],
  records: readonly string[],
): Pick<Part, 'keys' | 'hasNameless'> {
  const keys = playlists.map(({ id }, index) => (isId(id) ? id : `${records[index]}`))
  return { keys, hasNameless: keys.some(isNameless) }
}

/** An empty id tells no playlist from the others. */
function isId(id: unknown): id is string {
  return typeof id === 'string' && id.trim() !== ''
}

/** Parsing takes any depth, serialising does not. */
function serialised(playlist: Record<string, unknown>): string {
  try {
    return JSON.stringify(playlist)
  } catch (cause) {
    const detail = 'The answer of Spotify is unusable: a playlist is nested too deeply.'
    throw new Problem('spotify-bad-response', detail, { cause })
  }
}

/** A playlist without an id goes by its JSON; no id begins like that. */
export function isNameless(key: string): boolean {
  return key.startsWith('{')
}

/**
 * Makes a function to be called with the parts of one walk in order, which numbers their nameless keys.
 * Playlists without an id are passed through even when they are alike, so that only the same one of
 * another walk may count as a repeat: the first, the second and so on.
 */
export function distinct(): (part: Part) => Part {
  const seen = new Map<string, number>()
  const keyOf = (key: string) => {
    if (!isNameless(key)) return key
    const nth = (seen.get(key) ?? 0) + 1
    seen.set(key, nth)
    return `${key}${nth}`
  }
  return part => (part.hasNameless ? { ...part, keys: part.keys.map(keyOf) } : part)
}

import { createHash } from 'node:crypto'
import { setImmediate as nextTask } from 'node:timers/promises'
import type { PlaylistList } from './playlist-list.ts'
import { type Segment, SerialisedItems, without } from './serialised-items.ts'
import type { SerialisedPage } from './serialised-page.ts'

/** All pages for a user, from one read. */
export interface PagesRead {
  readonly parts: readonly SerialisedPage[]
  /** The total according to the pages; the largest if they disagree. */
  readonly total: number
  /** Whether the pages agree on the total and have that many entries, including repeats. */
  readonly hasAllEntries: boolean
}

/** Pages joined in one task, so a long list does not delay responses. */
const PAGES_PER_TASK = 4

/** Joins playlists from one or more reads in order, without repeats. A list with repeats is incomplete. */
export async function joinPages(reads: readonly PagesRead[]): Promise<PlaylistList> {
  const seen = new Set<string>()
  const membership = createHash('sha256')
  const digest = createHash('sha256')
  const segments: Segment[] = []
  let complete = reads.every(read => read.hasAllEntries)
  for (const { parts } of reads) {
    const keyOf = numbering()
    for (const { segment, keys } of parts) {
      if (segments.length % PAGES_PER_TASK === 0) await nextTask()
      const fresh: string[] = []
      const repeated = new Set<number>()
      for (const [index, key] of keys.map(keyOf).entries()) {
        if (seen.has(key)) repeated.add(index)
        else fresh.push(`${key}\n`)
        seen.add(key)
      }
      membership.update(fresh.join(''))
      const kept = repeated.size === 0 ? segment : without(segment, repeated)
      digest.update(kept.bytes)
      segments.push(kept)
      if (repeated.size > 0) complete = false
    }
  }
  return {
    playlists: new SerialisedItems(segments),
    spotifyTotal: Math.max(...reads.map(({ total }) => total)),
    complete,
    settled: false,
    membership: membership.digest('base64'),
    digest: digest.update(complete ? 'complete' : 'incomplete').digest('base64'),
  }
}

/**
 * Returns a function to number equal keys for playlists without an id; call it with the keys from one read in
 * order. So equal playlists without an id all stay in the list, and the nth is a repeat only of the nth from
 * another read.
 */
function numbering(): (key: string) => string {
  const seen = new Map<string, number>()
  return key => {
    // The key for a playlist without an id is the JSON itself; no id begins with a brace.
    if (!key.startsWith('{')) return key
    const nth = (seen.get(key) ?? 0) + 1
    seen.set(key, nth)
    return `${key}${nth}`
  }
}

import { createHash } from 'node:crypto'
import { setImmediate as nextTask } from 'node:timers/promises'
import type { PlaylistList } from './playlist-list.ts'
import { type Segment, SerialisedItems, without } from './serialised-items.ts'
import type { SerialisedPage } from './serialised-page.ts'

/** All pages of a user, from one read. */
export interface PagesRead {
  readonly parts: readonly SerialisedPage[]
  /** The total according to the pages; the largest if they disagree. */
  readonly total: number
  /** Whether the pages contain every entry of the total exactly once. */
  readonly complete: boolean
}

/** Pages joined in one task, so a long list does not delay responses. */
const PAGES_PER_TASK = 4

/** Joins the playlists of one or more reads in order, without repeats. */
export async function joinPages(reads: readonly PagesRead[]): Promise<PlaylistList> {
  const complete = reads.every(read => read.complete)
  const seen = new Set<string>()
  const membership = createHash('sha256')
  const digest = createHash('sha256').update(complete ? 'complete' : 'incomplete')
  const segments: Segment[] = []
  for (const [page, { segment, keys }] of reads.flatMap(({ parts }) => parts).entries()) {
    if (page % PAGES_PER_TASK === 0) await nextTask()
    const repeated = new Set<number>()
    for (const [index, key] of keys.entries()) {
      if (seen.has(key)) repeated.add(index)
      seen.add(key)
    }
    const fresh = keys.filter((_, index) => !repeated.has(index))
    membership.update(fresh.map(key => `${key}\n`).join(''))
    const kept = repeated.size === 0 ? segment : without(segment, repeated)
    digest.update(kept.bytes)
    segments.push(kept)
  }
  return {
    playlists: new SerialisedItems(segments),
    spotifyTotal: Math.max(...reads.map(({ total }) => total)),
    complete,
    settled: false,
    membership: membership.digest('base64'),
    digest: digest.digest('base64'),
  }
}

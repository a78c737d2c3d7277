import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PlaylistList } from './playlist-list.ts'
import { type Chunk, Records, without } from './records.ts'
import type { Part } from './serialised-page.ts'

/** All pages of a user, read once. */
export interface PagesRead {
  readonly parts: readonly Part[]
  /** What the pages name as the total; the largest when they disagree. */
  readonly total: number
  /** Whether every entry that the total counts was seen exactly once. */
  readonly complete: boolean
}

/** Pages joined in one turn of the event loop, so that a long list holds up no answer. */
const PAGES_A_TURN = 4

/** The playlists of one or more reads in order, each once. */
export async function joinPages(reads: readonly PagesRead[]): Promise<PlaylistList> {
  const complete = reads.every(read => read.complete)
  const seen = new Set<string>()
  const membership = createHash('sha256')
  const digest = createHash('sha256').update(complete ? 'complete' : 'incomplete')
  const chunks: Chunk[] = []
  for (const [page, { chunk, keys }] of reads.flatMap(({ parts }) => parts).entries()) {
    if (page % PAGES_A_TURN === 0) await nextTurn()
    const repeated = new Set<number>()
    for (const [index, key] of keys.entries()) {
      if (seen.has(key)) repeated.add(index)
      seen.add(key)
    }
    const fresh = keys.filter((_, index) => !repeated.has(index))
    membership.update(fresh.map(key => `${key}\n`).join(''))
    const kept = repeated.size === 0 ? chunk : without(chunk, repeated)
    digest.update(kept.bytes)
    chunks.push(kept)
  }
  return {
    playlists: new Records(chunks),
    spotifyTotal: Math.max(...reads.map(({ total }) => total)),
    complete,
    settled: false,
    membership: membership.digest('base64'),
    digest: digest.digest('base64'),
  }
}

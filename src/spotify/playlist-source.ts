import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PlaylistList, PlaylistSource } from '../playlists/playlist-list.ts'
import { type Chunk, Records, without } from '../playlists/records.ts'
import { userIdSegment } from '../user-id/user-id.ts'
import { type Walk, type WalkOptions, walk } from './fetch-pages.ts'

/**
 * Playlists on a user's public profile, read with the app token.
 * https://developer.spotify.com/documentation/web-api/reference/get-list-users-playlists
 */
export function createAppPlaylists(options: WalkOptions): PlaylistSource {
  return {
    playlists(userId, previous, terms) {
      const path = `/users/${userIdSegment(userId)}/playlists`
      return aggregate(expectedTotal => walk(path, expectedTotal, terms, options), previous)
    },
  }
}

/**
 * One list out of one walk, or two when it moved under the first: Spotify has no snapshot across
 * pages, so that an edit in between repeats or skips an entry. If the second moved as well, the
 * list is the union of both and not complete. A previous list that already stood in doubt and has
 * not changed makes the second walk pointless.
 */
async function aggregate(
  walkOnce: (expectedTotal: number | undefined) => Promise<Walk>,
  previous: PlaylistList | undefined,
): Promise<PlaylistList> {
  const first = await walkOnce(previous?.spotifyTotal)
  const firstList = await listOf([first])
  if (first.complete) return firstList
  const doubted = previous !== undefined && !previous.complete
  if (doubted && previous.membership === firstList.membership) {
    return { ...firstList, settled: true }
  }
  if (!first.moved) return firstList

  const second = await walkOnce(first.total)
  const secondList = await listOf([second])
  const settled = secondList.membership === firstList.membership
  if (!second.moved || settled) return { ...secondList, settled }
  return listOf([second, first])
}

/** Pages joined in one turn of the event loop, so that a long list holds up no answer. */
const PAGES_A_TURN = 4

/** The playlists of one or more walks in order, each once. */
export async function listOf(walks: readonly Omit<Walk, 'moved'>[]): Promise<PlaylistList> {
  const complete = walks.every(walk => walk.complete)
  const seen = new Set<string>()
  const membership = createHash('sha256')
  const digest = createHash('sha256').update(complete ? 'complete' : 'incomplete')
  const chunks: Chunk[] = []
  for (const [page, { chunk, keys }] of walks.flatMap(({ parts }) => parts).entries()) {
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
    spotifyTotal: Math.max(...walks.map(({ total }) => total)),
    complete,
    settled: false,
    membership: membership.digest('base64'),
    digest: digest.digest('base64'),
  }
}

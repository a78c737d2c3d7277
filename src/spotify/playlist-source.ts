import { joinPages } from '../playlists/join-pages.ts'
import type { PlaylistList, PlaylistSource } from '../playlists/playlist-list.ts'
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
  const firstList = await joinPages([first])
  if (first.complete) return firstList
  const doubted = previous !== undefined && !previous.complete
  if (doubted && previous.membership === firstList.membership) {
    return { ...firstList, settled: true }
  }
  if (!first.moved) return firstList

  const second = await walkOnce(first.total)
  const secondList = await joinPages([second])
  const settled = secondList.membership === firstList.membership
  if (!second.moved || settled) return { ...secondList, settled }
  return joinPages([second, first])
}

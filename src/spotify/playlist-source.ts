import { joinPages, type PagesRead } from '../playlists/join-pages.ts'
import type { PlaylistList, PlaylistSource } from '../playlists/playlist-list.ts'
import { userIdSegment } from '../user-id/user-id.ts'
import { type FetchPagesOptions, fetchPages } from './fetch-pages.ts'

/**
 * Creates a source for the playlists on a user's public profile.
 * https://developer.spotify.com/documentation/web-api/reference/get-list-users-playlists
 */
export function createPlaylistSource(options: FetchPagesOptions): PlaylistSource {
  return {
    playlists(userId, previous, lookup) {
      const path = `/users/${userIdSegment(userId)}/playlists`
      return readStable(expectedTotal => fetchPages(path, expectedTotal, lookup, options), previous)
    },
  }
}

/**
 * Reads the list once, or twice if it changed during the first read: Spotify has no snapshot across pages, so
 * an edit between two requests repeats or skips an entry. If the list changes during the second read too, the
 * result is the union of both reads, and incomplete. There is no second read if the previous list was
 * incomplete and had the same playlists, because the result would be the same.
 */
export async function readStable(
  read: (expectedTotal: number | undefined) => Promise<PagesRead>,
  previous: PlaylistList | undefined,
): Promise<PlaylistList> {
  const first = await read(previous?.spotifyTotal)
  const firstList = await joinPages([first])
  if (firstList.complete) return firstList
  const wasIncomplete = previous !== undefined && !previous.complete
  if (wasIncomplete && previous.membership === firstList.membership) {
    return { ...firstList, settled: true }
  }
  if (!hasChanged(first, firstList)) return firstList

  const second = await read(first.total)
  const secondList = await joinPages([second])
  const settled = secondList.membership === firstList.membership
  if (settled || !hasChanged(second, secondList)) return { ...secondList, settled }
  return joinPages([second, first])
}

/** Whether the list certainly changed during the read: totals differ, or a playlist repeats. */
function hasChanged({ parts, total }: PagesRead, { playlists }: PlaylistList): boolean {
  const read = parts.reduce((sum, { keys }) => sum + keys.length, 0)
  return playlists.length < read || parts.some(part => part.total !== total)
}

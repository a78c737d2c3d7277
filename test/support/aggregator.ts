import { WaitingCallers } from '../../src/lib/waiting-callers.ts'
import type { LookupOptions, PlaylistList } from '../../src/playlists/playlist-list.ts'
import type { Page } from '../../src/playlists/serialised-page.ts'
import { createPlaylistSource } from '../../src/spotify/playlist-source.ts'
import { type Entry, entries, pageOf, scriptedClient } from './scripted-client.ts'

export const budget = { check() {} }

/** Options for a lookup that is never aborted. */
export const lookup: LookupOptions = {
  signal: new AbortController().signal,
  deadlineMs: 15_000,
  callers: new WaitingCallers('caller'),
  isRevalidation: false,
  onRequest: () => {},
}

/** Reads lists from these responses; `asked` is the number of earlier requests. */
export function aggregator(respond: (offset: number, asked: number) => Page | Promise<Page>) {
  const { client, offsets } = scriptedClient(respond)
  const source = createPlaylistSource({ client, budget, concurrency: 8 })
  const read = (previous?: PlaylistList) => source.playlists('someone', previous, lookup)
  return { read, offsets }
}

/** Returns the list for a user with these entries. */
export const read = (list: readonly Entry[]) => aggregator(offset => pageOf(list, offset)).read()

export const playlistsIn = (list: PlaylistList): Record<string, unknown>[] =>
  [...list.playlists.texts(',')].flat().map(text => JSON.parse(text))
export const idsIn = (list: PlaylistList) => playlistsIn(list).map(({ id }) => id)
export const ids = (from: number, to: number) => entries(from, to).map(entry => entry?.id)

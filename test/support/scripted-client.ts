import type { Page } from '../../src/playlists/serialised-page.ts'
import type { PageOptions, SpotifyClient } from '../../src/spotify/web-api.ts'

export type Entry = Record<string, unknown> | null

/** Entries with the ids `from` up to, not including, `to`. */
export function entries(from: number, to: number): Entry[] {
  return Array.from({ length: to - from }, (_, index) => ({ id: `id${from + index}` }))
}

/** Returns the list page at an offset. */
export function pageOf(list: readonly Entry[], offset: number): Page {
  return { total: list.length, entries: list.slice(offset, offset + 50) }
}

/**
 * A client with scripted pages: `respond` gets the offset and the number of earlier requests. Records the
 * offset and options for each request.
 */
export function scriptedClient(respond: (offset: number, asked: number) => Page | Promise<Page>) {
  const offsets: number[] = []
  const options: PageOptions[] = []
  const client: SpotifyClient = {
    async page(_path, offset, pageOptions) {
      offsets.push(offset)
      options.push(pageOptions)
      return respond(offset, offsets.length - 1)
    },
  }
  return { client, offsets, options }
}

import type { Page } from '../../src/playlists/serialised-page.ts'
import type { PageTerms, SpotifyClient } from '../../src/spotify/web-api.ts'

export type Entry = Record<string, unknown> | null

/** Entries with the ids `from` up to, not including, `to`. */
export function entries(from: number, to: number): Entry[] {
  return Array.from({ length: to - from }, (_, index) => ({ id: `id${from + index}` }))
}

/** One page of a list as Spotify would cut it. */
export function pageOf(list: readonly Entry[], offset: number): Page {
  return { total: list.length, entries: list.slice(offset, offset + 50) }
}

/**
 * A client whose pages the test writes: `answer` gets the offset and how many pages were asked for
 * before. Remembers offsets and terms in the order of the requests.
 */
export function scriptedClient(answer: (offset: number, asked: number) => Page | Promise<Page>) {
  const offsets: number[] = []
  const terms: PageTerms[] = []
  const client: SpotifyClient = {
    async page(_path, offset, pageTerms) {
      offsets.push(offset)
      terms.push(pageTerms)
      return answer(offset, offsets.length - 1)
    },
  }
  return { client, offsets, terms }
}

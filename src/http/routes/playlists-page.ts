import type { StoredResponse } from '../../cache/freshness.ts'
import { OneTaskPerTick } from '../../lib/one-task-per-tick.ts'
import { JSON_SEPARATOR } from '../../playlists/playlist-list.ts'
import { ownBuffer } from '../../playlists/serialised-items.ts'
import type { Problem } from '../../problems/problem.ts'
import { ownSegment } from '../../user-id/user-id.ts'
import { basePathOf } from '../origin.ts'
import { type Html, html } from '../pages/html.ts'
import { PAGE_FIELDS } from '../pages/layout.ts'
import { type ListState, listPage, MAX_PAGE_LENGTH, PAGE_LENGTH } from '../pages/list-page.ts'
import { playlistCard } from '../pages/playlist-card.ts'
import { contentType } from '../representation/formats.ts'
import { PART_OVERHEAD_BYTES, type RequestedList, type View } from '../representation/view.ts'
import { windowOf } from '../representation/window.ts'
import { emptyBecause } from './empty-list.ts'

const MINUTE_MS = 60_000

/** A page's list, as found by the lookup. */
export interface FoundList {
  response: Pick<StoredResponse<unknown>, 'generatedAt' | 'freshUntil'>
  /** The problem with a failed revalidation, if any. */
  failure?: Problem | undefined
}

/** All pages share these ticks, so many at once block the event loop no longer than a single page. */
const ticks = new OneTaskPerTick()

/**
 * Shows a list window as a page. The page says when Spotify sent the list and whether it is stale at `now`
 * (epoch ms), so both are in the key: a revalidation changes the page, even if no playlist changes.
 */
export function pageView(
  requested: RequestedList,
  { publicUrl, namesFormat }: { publicUrl: string | undefined; namesFormat: boolean },
  { response, failure }: FoundList,
  now: number,
): View {
  const { userId, pasted, link, query } = requested
  const limit = Math.min(query.limit ?? PAGE_LENGTH, MAX_PAGE_LENGTH)
  const { offset = 0 } = query
  const minute = Math.floor(response.generatedAt / MINUTE_MS)
  const state: ListState = failure?.type ?? (now < response.freshUntil ? 'fresh' : 'stale')
  return {
    key(total) {
      const { from } = windowOf(total, { limit, offset })
      const key = `html ${limit} ${from} ${namesFormat} ${minute} ${state} ${publicUrl} ${userId}`
      return total === 0 ? `${key}\n${emptyBecause(pasted)}` : key
    },
    async body({ playlists, complete }, _lines, signal) {
      const { length } = playlists
      const { from, to } = windowOf(length, { limit, offset })
      const path = `/users/${ownSegment(userId)}/playlists`
      const { first, cards } = await cardsOf(playlists.window(from, to), userId, signal)
      const { start, end } = listPage({
        userId,
        basePath: basePathOf(publicUrl),
        path,
        canonicalUrl: publicUrl && publicUrl + path,
        playlists: first,
        from,
        to,
        total: length,
        limit,
        namesFormat,
        generatedAt: minute * MINUTE_MS,
        state,
        complete,
        explanation: length === 0 ? emptyBecause(pasted) : undefined,
      })
      const page = ownBuffer(String(html`${start}${cards}${end}`))
      return {
        parts: [page],
        bytes: page.length,
        heldBytes: page.length + PART_OVERHEAD_BYTES,
        vary: 'Accept, Accept-Encoding',
        fields: [
          'content-type',
          contentType('html'),
          ...PAGE_FIELDS,
          ...(length === 0 ? ['link', link] : []),
        ],
      }
    },
  }
}

/**
 * Makes the entries for all playlists, one buffer per tick. `first` contains the playlists from the first
 * buffer.
 */
async function cardsOf(
  buffers: readonly Buffer[],
  userId: string,
  signal: AbortSignal,
): Promise<{ first: readonly unknown[]; cards: Html[] }> {
  let first: readonly unknown[] | undefined
  const cards: Html[] = []
  for (const bytes of buffers) {
    await ticks.next()
    signal.throwIfAborted()
    const items = bytes.toString('utf8', 0, bytes.length - JSON_SEPARATOR.length)
    const playlists: readonly unknown[] = JSON.parse(`[${items}]`)
    first ??= playlists
    cards.push(html`${playlists.map(playlist => playlistCard(playlist, userId))}`)
  }
  return { first: first ?? [], cards }
}

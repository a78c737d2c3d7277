import { linkedAbort } from '../lib/child-abort-signal.ts'
import { Places, type Release } from '../lib/priority-semaphore.ts'
import type { PagesRead } from '../playlists/join-pages.ts'
import type { LookupOptions } from '../playlists/playlist-list.ts'
import {
  distinct,
  isWithoutId,
  PAGE_SIZE,
  type SerialisedPage,
  serialisePage,
} from '../playlists/serialised-page.ts'
import type { RequestBudget } from './gate/request-quota.ts'
import type { SpotifyClient } from './web-api.ts'

export interface WalkOptions {
  client: SpotifyClient
  /** Asked, once it is known how many pages there are, whether it has room for all of them. */
  budget: Pick<RequestBudget, 'check'>
  /**
   * Pages of one list under way or queued at once, so that a long list leaves room for others. One
   * that arrived and turns out to be cut short is asked for again beside these.
   */
  concurrency: number
}

/** All pages, read once. */
export interface Walk extends PagesRead {
  /** Whether the list certainly moved while it was read: totals disagree or a playlist repeats. */
  readonly moved: boolean
}

/**
 * Reads every page once. Offsets are counted here; the `next` of a page is never followed, since
 * it may name another endpoint. Without an expectation the first page comes first and tells the
 * total; with one, all pages are asked for at once.
 */
export async function walk(
  path: string,
  expectedTotal: number | undefined,
  { signal, deadlineMs, callers, isRefresh, onRequest }: LookupOptions,
  { client, budget, concurrency }: WalkOptions,
): Promise<Walk> {
  const pages = linkedAbort(signal)
  const slots = new Places(concurrency)
  /** The page behind the last one, once the first page has told. */
  let endPage = Number.POSITIVE_INFINITY
  let begun = 0
  /** Filled page by page, since all at once would hold up whoever else is to be answered. */
  const ids = new Set<string>()
  let repeats = false

  function note(part: SerialisedPage): SerialisedPage {
    for (const key of part.keys) {
      if (isWithoutId(key)) continue
      repeats ||= ids.has(key)
      ids.add(key)
    }
    return part
  }

  /** A list that could not be read to its end is to cost as little as possible. */
  function checkBudget(whole: number): void {
    const left = whole - begun
    if (left > 0) budget.check({ left, whole }, isRefresh)
  }

  async function read(pageNumber: number, onRead: Release): Promise<SerialisedPage | undefined> {
    // The list may turn out shorter than expected before this page was asked for.
    if (pageNumber >= endPage) return undefined
    begun++
    const page = await client.page(path, pageNumber * PAGE_SIZE, {
      signal: pages.signal,
      callers,
      isRefresh,
      onRequest,
      // Before the first page has told, nobody knows which others there are.
      onRead: () => {
        if (endPage !== Number.POSITIVE_INFINITY) onRead()
      },
      // What has begun to arrive is worth having for the next caller, what has not begun is not.
      startByMs: endPage === Number.POSITIVE_INFINITY ? deadlineMs : Number.POSITIVE_INFINITY,
      retryByMs: deadlineMs,
    })
    if (pageNumber === 0) {
      endPage = pagesOf(page.total)
      checkBudget(endPage)
    }
    return note(serialisePage(page))
  }

  /** Waits for a slot, and frees it as soon as the page only has to be decoded. */
  async function readInSlot(pageNumber: number): Promise<SerialisedPage | undefined> {
    const release = await slots.take(true, callers, pages.signal)
    return read(pageNumber, release)
      .catch((error: unknown) => {
        // Nothing partial is used, so the other pages would only burden Spotify.
        pages.abort(error)
        throw error
      })
      .finally(release)
  }

  async function readAll(
    fromPage: number,
    toPage: number,
  ): Promise<(SerialisedPage | undefined)[]> {
    const length = toPage - fromPage
    return Promise.all(Array.from({ length }, (_, index) => readInSlot(fromPage + index)))
  }

  async function readList(): Promise<Walk> {
    const asked = pagesOf(expectedTotal ?? 0)
    if (asked > 1) checkBudget(asked)
    const expected = await readAll(0, asked)
    const grown = await readAll(asked, endPage)
    return joined(
      [...expected, ...grown].filter(part => part !== undefined),
      repeats,
    )
  }

  return readList().finally(pages.unlink)
}

/** An empty list has a page too. */
function pagesOf(total: number): number {
  return Math.max(1, Math.ceil(total / PAGE_SIZE))
}

function joined(parts: readonly SerialisedPage[], repeats: boolean): Walk {
  const totals = parts.map(part => part.total)
  const entries = parts.reduce((sum, part) => sum + part.entries, 0)
  const total = Math.max(...totals)
  const moved = repeats || totals.some(other => other !== total)
  return { parts: parts.map(distinct()), total, moved, complete: !moved && entries === total }
}

import { childAbortController } from '../lib/child-abort-signal.ts'
import { PrioritySemaphore, type Release } from '../lib/priority-semaphore.ts'
import type { PagesRead } from '../playlists/join-pages.ts'
import type { LookupOptions } from '../playlists/playlist-list.ts'
import { PAGE_SIZE, type SerialisedPage, serialisePage } from '../playlists/serialised-page.ts'
import type { RequestBudget } from './gate/request-quota.ts'
import type { SpotifyClient } from './web-api.ts'

export interface FetchPagesOptions {
  client: SpotifyClient
  /** `fetchPages` checks the budget as soon as it knows the page count. */
  budget: Pick<RequestBudget, 'check'>
  /**
   * Maximum number of pages in flight or queued per list, so a long list leaves slots for other lists. Retries
   * of truncated pages do not count.
   */
  concurrency: number
}

/**
 * Reads every page once. Computes the offsets and never follows `next`, which can point to another endpoint.
 * With an expected total, requests all pages at once; otherwise reads the total from the first page.
 */
export async function fetchPages(
  path: string,
  expectedTotal: number | undefined,
  { signal, deadlineMs, callers, isRevalidation, onRequest }: LookupOptions,
  { client, budget, concurrency }: FetchPagesOptions,
): Promise<PagesRead> {
  const pages = childAbortController(signal)
  const slots = new PrioritySemaphore(concurrency)
  /** The page count; infinite until the first page has arrived. */
  let endPage = Number.POSITIVE_INFINITY
  let begun = 0

  /** Refuses a list with `whole` pages as early as possible if the remaining requests exceed the budget. */
  function checkBudget(whole: number): void {
    const left = whole - begun
    if (left > 0) budget.check({ left, whole }, isRevalidation)
  }

  async function read(pageNumber: number, onRead: Release): Promise<SerialisedPage | undefined> {
    // The list might be shorter than expected.
    if (pageNumber >= endPage) return undefined
    begun++
    const page = await client.page(path, pageNumber * PAGE_SIZE, {
      signal: pages.signal,
      callers,
      isRevalidation,
      onRequest,
      // The page count is unknown until the first page is parsed.
      onRead: () => {
        if (endPage !== Number.POSITIVE_INFINITY) onRead()
      },
      // Once pages have arrived, the read continues for the next caller. A lookup still queued never starts.
      startByMs: endPage === Number.POSITIVE_INFINITY ? deadlineMs : Number.POSITIVE_INFINITY,
      retryByMs: deadlineMs,
    })
    if (pageNumber === 0) {
      endPage = pagesOf(page.total)
      checkBudget(endPage)
    }
    return serialisePage(page)
  }

  /** Waits for a slot, and releases the slot once the page only has to be decoded. */
  async function readInSlot(pageNumber: number): Promise<SerialisedPage | undefined> {
    const release = await slots.acquire(true, callers, pages.signal)
    return read(pageNumber, release)
      .catch((error: unknown) => {
        // A partial list is useless, so requesting other pages would only burden Spotify.
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

  async function readList(): Promise<PagesRead> {
    const expectedPages = pagesOf(expectedTotal ?? 0)
    if (expectedPages > 1) checkBudget(expectedPages)
    const expected = await readAll(0, expectedPages)
    const further = await readAll(expectedPages, endPage)
    const parts = [...expected, ...further].filter(part => part !== undefined)
    const total = Math.max(...parts.map(part => part.total))
    const entries = parts.reduce((sum, part) => sum + part.entries, 0)
    const hasAllEntries = entries === total && parts.every(part => part.total === total)
    return { parts, total, hasAllEntries }
  }

  return readList().finally(pages.dispose)
}

/** Even an empty list has one page. */
function pagesOf(total: number): number {
  return Math.max(1, Math.ceil(total / PAGE_SIZE))
}

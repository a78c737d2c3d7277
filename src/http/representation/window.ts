/** The query parameters for a window. Without them, the window is the entire list. */
export interface WindowQuery {
  limit?: number
  offset?: number
}

/** The positions of the requested playlists. */
export interface Window {
  /** First position, from 0. */
  readonly from: number
  /** The position after the last playlist, at most the list length. */
  readonly to: number
}

/** Returns the requested window for a list with `total` playlists. */
export function windowOf(total: number, { limit = total, offset = 0 }: WindowQuery): Window {
  const from = Math.min(offset, total)
  return { from, to: Math.min(from + limit, total) }
}

/**
 * Returns the members of Spotify's paging object except `items`, for a window in the list at `url`. The full
 * list has the plain URL. The `next` and `previous` windows are adjacent to this window.
 */
export function pagingOf(total: number, query: WindowQuery, url: string) {
  const { from, to } = windowOf(total, query)
  const { limit, offset = 0 } = query
  const link = (start: number, length = limit) =>
    `${url}?offset=${start}${length === undefined ? '' : `&limit=${length}`}`
  const start = Math.max(0, from - (limit ?? from))
  return {
    href: limit === undefined && query.offset === undefined ? url : link(offset),
    limit: to - from,
    next: to < total ? link(to) : null,
    offset,
    previous: from > 0 ? link(start, from - start) : null,
    total,
  }
}

/** The part of a list that a caller requested. */
export interface Window {
  /** First position, from 0. */
  readonly from: number
  /** The position after the last one, at most the length of the list. */
  readonly to: number
  /** The requested number of playlists; undefined means all. */
  readonly requested: number | undefined
  /** The length of the whole list. */
  readonly total: number
}

/** The window parameters of a validated query. */
export interface WindowQuery {
  limit?: number
  offset?: number
}

/** The requested window, limited to the list. */
export function windowOf(total: number, { limit, offset = 0 }: WindowQuery): Window {
  const from = Math.min(offset, total)
  return {
    from,
    to: limit === undefined ? total : Math.min(from + limit, total),
    requested: limit,
    total,
  }
}

/** The members of Spotify's paging object, except its items. */
export interface Paging {
  href: string
  limit: number
  next: string | null
  offset: number
  previous: string | null
  total: number
}

/**
 * The paging members for a window of the list at `url`. The whole list has the plain URL. The windows
 * of `next` and `previous` are adjacent to this one.
 */
export function pagingOf(window: Window, query: WindowQuery, url: string): Paging {
  const { from, to, requested, total } = window
  const step = requested ?? from
  const link = (start: number, end: number) => `${url}?offset=${start}&limit=${end - start}`
  return {
    href: query.limit === undefined && query.offset === undefined ? url : hrefOf(url, query),
    limit: to - from,
    next: to < total ? `${url}?offset=${to}&limit=${requested}` : null,
    offset: query.offset ?? 0,
    previous: from > 0 ? link(Math.max(0, from - step), from) : null,
    total,
  }
}

function hrefOf(url: string, { limit, offset = 0 }: WindowQuery): string {
  return `${url}?offset=${offset}${limit === undefined ? '' : `&limit=${limit}`}`
}

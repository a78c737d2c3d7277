/** The part of a list that a caller asked for. */
export interface Window {
  /** First position, from 0. */
  readonly from: number
  /** The position behind the last one; never beyond the end of the list. */
  readonly to: number
  /** How many the caller asked for; undefined means as many as there are. */
  readonly asked: number | undefined
  /** How many the whole list has. */
  readonly total: number
}

/** Both members of the query are optional; values are checked before they get here. */
export interface WindowQuery {
  limit?: number
  offset?: number
}

/** Cuts what was asked for to what is there. */
export function windowOf(total: number, { limit, offset = 0 }: WindowQuery): Window {
  const from = Math.min(offset, total)
  return {
    from,
    to: limit === undefined ? total : Math.min(from + limit, total),
    asked: limit,
    total,
  }
}

/** The paging members of Spotify's paging object, all but its items. */
export interface Paging {
  href: string
  limit: number
  next: string | null
  offset: number
  previous: string | null
  total: number
}

/**
 * The paging members for a window of the list at `url`. The whole list has the plain URL; the
 * windows that `next` and `previous` name join this one without a gap or an overlap.
 */
export function pagingOf(window: Window, query: WindowQuery, url: string): Paging {
  const { from, to, asked, total } = window
  const step = asked ?? from
  const link = (start: number, end: number) => `${url}?offset=${start}&limit=${end - start}`
  return {
    href: query.limit === undefined && query.offset === undefined ? url : hrefOf(url, query),
    limit: to - from,
    next: to < total ? `${url}?offset=${to}&limit=${asked}` : null,
    offset: query.offset ?? 0,
    previous: from > 0 ? link(Math.max(0, from - step), from) : null,
    total,
  }
}

function hrefOf(url: string, { limit, offset = 0 }: WindowQuery): string {
  return `${url}?offset=${offset}${limit === undefined ? '' : `&limit=${limit}`}`
}

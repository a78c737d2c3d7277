import type { PlaylistJson } from './playlist.ts'

/** A request for a user's playlists. Malformed numbers are NaN. */
export interface PlaylistsQuery {
  /** The decoded user id. */
  userId: string
  limit: number
  offset: number
}

/** The page requested by a playlists request. Malformed numbers are NaN. */
export type PageQuery = Omit<PlaylistsQuery, 'userId'>

/** Spotify's paging object around simplified playlists, members in Spotify's order. */
export interface PlaylistPage {
  href: string
  /** Null replaces a playlist hidden from the app; `total` counts it. */
  items: Array<PlaylistJson | null>
  limit: number
  next: string | null
  offset: number
  previous: string | null
  total: number
}

/**
 * Parses a raw request target. Undefined unless the target is `/v1/users/{id}/playlists` with the id as a
 * single well-formed segment. Uses no URL parser, because that would remove dot segments. Refuses the ids `.`
 * and `..`, because they change the path on a server with a URL parser.
 */
export function playlistsQuery(path: string): PlaylistsQuery | undefined {
  const [, segment, search] = /^\/v1\/users\/([^/?]+)\/playlists(\?.*)?$/.exec(path) ?? []
  const userId = segment && decoded(segment)
  if (!userId || userId === '.' || userId === '..') return undefined
  return { userId, ...pageQuery(search) }
}

/** Parses a request target for `/v1/me/playlists`, the list of the token's user. */
export function ownPlaylistsQuery(path: string): PageQuery | undefined {
  const [target, search] = /^\/v1\/me\/playlists(\?.*)?$/.exec(path) ?? []
  return target === undefined ? undefined : pageQuery(search)
}

function pageQuery(search?: string): PageQuery {
  const parameters = new URLSearchParams(search)
  return {
    limit: wholeNumber(parameters.get('limit') ?? '20'),
    offset: wholeNumber(parameters.get('offset') ?? '0'),
  }
}

/** Returns the requested page of a user's entries; links start with `apiUrl`. */
export function playlistPage(
  apiUrl: string,
  entries: ReadonlyArray<PlaylistJson | null>,
  { userId, limit, offset }: PlaylistsQuery,
): PlaylistPage {
  const link = (at: number) =>
    `${apiUrl}/users/${encodeURIComponent(userId)}/playlists?offset=${at}&limit=${limit}`
  const end = offset + limit
  // With a limit of 0 there are no other pages.
  const isEmptyPage = limit === 0
  return {
    href: link(offset),
    items: entries.slice(offset, end),
    limit,
    next: !isEmptyPage && end < entries.length ? link(end) : null,
    offset,
    previous: !isEmptyPage && offset > 0 ? link(Math.max(0, offset - limit)) : null,
    total: entries.length,
  }
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN
}

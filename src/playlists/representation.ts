import type { Sized } from '../cache/memory-store.ts'
import type { PlaylistList } from './playlist-list.ts'

/** Up to this size, copying body parts costs less than one write per part. */
export const MAX_JOINED_BYTES = 16 * 1024

/**
 * A resource in one format, window and content coding, ready to send. Fields depending on the time, such as
 * `Age`, or on the cached list, such as the date, are added to each response. Header fields are flat: name,
 * value, name, …
 */
export interface Representation extends Sized {
  /** The body in order; with `items`, the bytes before and after them. */
  readonly parts: readonly Buffer[]
  /**
   * The positions of the playlists in the body. Only the cached list holds their bytes, so a
   * representation does not keep an evicted list in memory.
   */
  readonly items?: { readonly from: number; readonly to: number }
  /** The length of the whole body. */
  readonly bytes: number
  /** Strong entity tag (RFC 9110 8.8.3), quotes included. */
  readonly etag: string
  /** Fields for 200 and 304 responses (RFC 9110 15.4.5). */
  readonly validators: readonly string[]
  /** Fields for responses with the body. */
  readonly contentFields: readonly string[]
}

/** A list representation, with the fields shared by other codings. */
export interface ListRepresentation extends Representation {
  /** The key in the representation cache. */
  readonly key: string
  /** The content coding. */
  readonly coding: string
  /** The request fields selecting this representation (RFC 9110 12.5.5). */
  readonly vary: string
  /** Body fields for every coding, such as the media type. */
  readonly fields: readonly string[]
  /** The cache keys for representations in other codings, by coding; each is built once. */
  readonly codedKeys: Record<string, string>
}

/** Returns all parts of a body for this list, as views on the cached bytes. */
export function bodyOf(
  { parts, items }: Pick<Representation, 'parts' | 'items'>,
  { playlists }: Pick<PlaylistList, 'playlists'>,
): readonly Buffer[] {
  if (items === undefined) return parts
  const [head, end] = parts as [Buffer, Buffer]
  return [head, ...playlists.joined(items.from, items.to), end]
}

/** Joins the body in one Buffer if it contains a whole list. That pays off for lists sent more than once. */
export function joinBody(
  { parts, items }: Pick<Representation, 'parts' | 'items'>,
  { playlists }: Pick<PlaylistList, 'playlists'>,
): void {
  if (items?.from !== 0 || items.to !== playlists.length) return
  const [head, end] = parts as [Buffer, Buffer]
  playlists.joinBody(items, head, end)
}

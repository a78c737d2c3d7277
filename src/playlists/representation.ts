import type { Sized } from '../cache/memory-store.ts'
import type { PlaylistList } from './playlist-list.ts'

/** Up to this size, copying the parts of a body costs less than one write per part. */
export const MAX_JOINED_BYTES = 16 * 1024

/**
 * A resource in one format, window and content coding, ready to send. Fields that depend on the time,
 * such as `Age`, or on the cached list, such as its date, are added to each response. Header fields
 * are flat: name, value, name, …
 */
export interface Representation extends Sized {
  /** The body in order; with `items`, the bytes before and after these. */
  readonly parts: readonly Buffer[]
  /**
   * The positions of the playlists in the body. Their bytes stay with the cached list, so a
   * representation does not keep an evicted list in memory.
   */
  readonly items?: { readonly from: number; readonly to: number }
  /** The length of the whole body. */
  readonly bytes: number
  /** Strong entity tag (RFC 9110 8.8.3), quotes included. */
  readonly etag: string
  /** Fields of 200 and 304 responses (RFC 9110 15.4.5). */
  readonly validators: readonly string[]
  /** Fields of responses with the body. */
  readonly contentFields: readonly string[]
}

/** A representation of a list, with the fields that other codings share. */
export interface ListRepresentation extends Representation {
  /** Its key in the cache of representations. */
  readonly key: string
  /** Its content coding. */
  readonly coding: string
  /** The request fields that select it (RFC 9110 12.5.5). */
  readonly vary: string
  /** Fields of the body in every coding, such as its media type. */
  readonly fields: readonly string[]
  /** The cache keys of the representations in other codings, by coding; each is built once. */
  readonly codedKeys: Record<string, string>
}

/** All parts of a body of this list, as views of the cached bytes. */
export function bodyOf(
  { parts, items }: Pick<Representation, 'parts' | 'items'>,
  { playlists }: Pick<PlaylistList, 'playlists'>,
): readonly Buffer[] {
  if (items === undefined) return parts
  const [head, end] = parts as [Buffer, Buffer]
  return [head, ...playlists.joined(items.from, items.to), end]
}

/**
 * Joins the body in one Buffer if it contains a whole list. That pays off for lists that are sent more than
 * once.
 */
export function joinBody(
  { parts, items }: Pick<Representation, 'parts' | 'items'>,
  { playlists }: Pick<PlaylistList, 'playlists'>,
): void {
  if (items?.from !== 0 || items.to !== playlists.length) return
  const [head, end] = parts as [Buffer, Buffer]
  playlists.joinBody(items, head, end)
}

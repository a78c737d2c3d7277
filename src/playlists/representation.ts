import type { Sized } from '../cache/memory-store.ts'
import { JSON_SEPARATOR, type PlaylistList } from './playlist-list.ts'

/**
 * A resource in one format, window and content coding, ready to be sent. What depends on the moment, such
 * as its age, or on the cached list, such as its date, is added for each response. Header fields are
 * flat: name, value, name, …
 */
export interface Representation extends Sized {
  /** The body, one after the other; where there are `items`, what goes before and after them. */
  readonly parts: readonly Buffer[]
  /**
   * The positions in the cached list whose bytes are in the body as they are. They stay with the
   * list, so that a representation never keeps alive a list that is gone.
   */
  readonly items?: { readonly from: number; readonly to: number }
  /** Of the whole body. */
  readonly bytes: number
  /** Strong entity tag (RFC 9110 8.8.3), quotes included. */
  readonly etag: string
  /** Fields that go with a 200 and a 304 alike (RFC 9110 15.4.5). */
  readonly validators: readonly string[]
  /** Fields that go with the body. */
  readonly contentFields: readonly string[]
}

/** A representation of a list, with what it has in common with those in other codings. */
export interface ListRepresentation extends Representation {
  /** The request fields that the choice of it depends on (RFC 9110 12.5.5). */
  readonly vary: string
  /** Fields that go with the body in every coding: its type, and more where there are. */
  readonly fields: readonly string[]
}

/** All parts of a body of this list, cut out of the cached bytes without copying them. */
export function bodyOf(
  { parts, items }: Pick<Representation, 'parts' | 'items'>,
  { playlists }: Pick<PlaylistList, 'playlists'>,
): readonly Buffer[] {
  if (items === undefined) return parts
  const [head, end] = parts as [Buffer, Buffer]
  const all = playlists.window(items.from, items.to)
  const last = all.pop()
  if (last !== undefined) all.push(last.subarray(0, -JSON_SEPARATOR.length))
  all.unshift(head)
  all.push(end)
  return all
}

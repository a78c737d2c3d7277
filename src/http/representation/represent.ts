import { hash } from 'node:crypto'
import { version } from '../../lib/version.ts'
import type { StoredPlaylists } from '../../playlists/cached-playlists.ts'
import type { Representation } from '../../playlists/representation.ts'
import { type Coding, codingFor, compressions } from './compression.ts'
import type { Body, BodyOptions, View } from './view.ts'

/** Objects, field values and the map entry of a representation, as measured on 64-bit Node. */
const OVERHEAD_BYTES = 1200
/** The reference to a part, which is a Buffer of the list or counted as the representation's own. */
const PART_OVERHEAD_BYTES = 10
/** Beside the list: room for what is kept of a short one. */
const SPARE_BYTES = 16 * 1024
/** What windows may take of that room, so that the whole list keeps some. */
const WINDOW_SHARE = 0.5

export interface RepresentOptions extends BodyOptions {
  /** Those that the caller accepts, the best first. */
  codings: readonly Coding[]
}

/**
 * A stored list as one representation: at once when it is kept, else made and, while there is
 * room, kept. The room is as large as the list itself and some spare bytes. Without room, or while
 * other compressions keep the service busy, the body stays as it is, so that no caller can have
 * each of its requests compressed. That holds even where `Accept-Encoding` excludes `identity`:
 * RFC 9110 12.4.1 lets a server disregard the field.
 *
 * The promise rejects when all callers that wait for it have left.
 */
export function represent(
  stored: StoredPlaylists,
  view: View,
  options: RepresentOptions,
): Representation | Promise<Representation> {
  const name = `${view.key} ${options.codings}`
  const { representations } = stored
  const known = representations.get(name, options)
  if (known !== undefined) return known
  const body = view.body(stored, options)
  return body instanceof Promise
    ? // Another caller may have waited for the same format.
      body.then(
        ready => representations.get(name, options) ?? coded(name, stored, view, ready, options),
      )
    : coded(name, stored, view, body, options)
}

function coded(
  name: string,
  stored: StoredPlaylists,
  view: View,
  body: Body,
  options: RepresentOptions,
): Representation | Promise<Representation> {
  const { representations } = stored
  const { from, to, total } = view.window
  const share = from === 0 && to === total ? 1 : WINDOW_SHARE
  const roomBytes = share * (stored.list.playlists.heldBytes + SPARE_BYTES)
  // The last one that is begun may take more. What is being made counts as if it would not shrink,
  // which is not known before, so that many at once find no more room than one after the other.
  const hasRoom = representations.expectedBytes < roomBytes
  const mayKeep = () => options.recount()
  const bytes = lengthOf(body)
  const coding = hasRoom ? codingFor(bytes, options.codings) : 'identity'
  if (coding !== 'identity' && compressions.hasRoomFor(bytes)) {
    const compress = async (signal: AbortSignal) => {
      const compressed = await compressions.compress(body.parts, bytes, coding, signal)
      const ownBody = { parts: [compressed], ownBytes: compressed.length }
      return representation(stored, view, ownBody, coding)
    }
    const left = options.left()
    return representations.make(name, compress, { left, mayKeep, expectedBytes: bytes })
  }
  const plain = representation(stored, view, body, 'identity')
  // A body that was not compressed for want of room may be compressed for the next caller.
  return hasRoom && coding === 'identity' ? representations.keep(name, plain, mayKeep) : plain
}

function representation(
  { list, modifiedAt }: StoredPlaylists,
  view: View,
  body: Body,
  coding: Coding,
): Representation {
  const { parts, ownBytes } = body
  // The version, since another one may write the same list otherwise.
  const shape = `${version} ${list.digest} ${view.key} ${coding}`
  const etag = `"${hash('sha256', shape, 'base64url').slice(0, 27)}"`
  const bytes = lengthOf(body)
  const contentFields = [
    'content-type',
    view.contentType,
    'content-length',
    String(bytes),
    'last-modified',
    new Date(modifiedAt).toUTCString(),
  ]
  if (coding !== 'identity') contentFields.push('content-encoding', coding)
  if (view.disposition !== undefined) contentFields.push('content-disposition', view.disposition())
  if (view.link !== undefined) contentFields.push('link', view.link)
  return {
    parts,
    bytes,
    etag,
    modifiedAt,
    validators: ['etag', etag, 'vary', view.vary],
    contentFields,
    heldBytes: OVERHEAD_BYTES + PART_OVERHEAD_BYTES * parts.length + ownBytes,
  }
}

function lengthOf({ parts }: Body): number {
  return parts.reduce((sum, part) => sum + part.length, 0)
}

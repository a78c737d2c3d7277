import { hash } from 'node:crypto'
import type { Representation } from '../representation.ts'
import type { StoredPlaylists } from '../stored-playlists.ts'
import { version } from '../version.ts'
import { type Coding, codingFor, compress } from './compression.ts'
import type { Body, View } from './view.ts'

/** Objects, field values and the map entry of a representation, as measured on 64-bit Node. */
const OVERHEAD_BYTES = 1200
/** The reference to a part, which is a Buffer of the list or counted as the representation's own. */
const PART_OVERHEAD_BYTES = 10
/** Beside the list: room for what is kept of a short one. */
const SPARE_BYTES = 16 * 1024
/** What windows may take of that room, so that the whole list keeps some. */
const WINDOW_SHARE = 0.5

/**
 * A stored list as one representation: at once when it is kept, else made and, while there is
 * room, kept. The room is as large as the list itself and some spare bytes; what finds none is not
 * compressed, so that no caller can make that happen for each request.
 *
 * `codings` are those the caller welcomes, the best first; `recount` counts the stored list anew
 * and says whether it may have grown.
 */
export function represent(
  stored: StoredPlaylists,
  view: View,
  codings: readonly Coding[],
  recount: () => boolean,
): Representation | Promise<Representation> {
  const name = `${view.key} ${codings}`
  const { representations } = stored
  const known = representations.get(name)
  if (known !== undefined) return known

  const { from, to, total } = view.window
  const share = from === 0 && to === total ? 1 : WINDOW_SHARE
  const roomBytes = share * (stored.list.playlists.heldBytes + SPARE_BYTES)
  // The last one that is begun may take more. What is being made counts as if it would not shrink,
  // which is not known before, so that many at once find no more room than one after the other.
  const hasRoom = representations.expectedBytes < roomBytes
  const windowShare = (to - from) / Math.max(total, 1)
  const windowBytes = Math.ceil(windowShare * stored.list.playlists.heldBytes)
  const mayKeep = () => hasRoom && recount()
  const welcome = hasRoom || !codings.includes('identity') ? codings : IDENTITY
  const body = view.body(stored, recount)
  const made =
    body instanceof Promise
      ? body.then(ready => coded(stored, view, ready, welcome))
      : coded(stored, view, body, welcome)
  return made instanceof Promise
    ? representations.keepLater(name, made, mayKeep, windowBytes)
    : representations.keep(name, made, mayKeep)
}

const IDENTITY: readonly Coding[] = ['identity']

function coded(
  stored: StoredPlaylists,
  view: View,
  body: Body,
  welcome: readonly Coding[],
): Representation | Promise<Representation> {
  const coding = codingFor(lengthOf(body), welcome)
  if (coding === 'identity') return representation(stored, view, body, coding)
  return compress(body.parts, coding).then(bytes =>
    representation(stored, view, { parts: [bytes], ownBytes: bytes.length }, coding),
  )
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

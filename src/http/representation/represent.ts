import { hash } from 'node:crypto'
import { version } from '../../lib/version.ts'
import type { PlaylistList } from '../../playlists/playlist-list.ts'
import { bodyOf, type ListRepresentation } from '../../playlists/representation.ts'
import type { VariantCache, Variants } from '../../playlists/representations.ts'
import { type Coding, codingFor, compressions } from './compression.ts'
import { type Body, PART_OVERHEAD_BYTES, type View } from './view.ts'

/** A representation's objects, field values, cache entry and slot, as measured on 64-bit Node. */
const OVERHEAD_BYTES = 1200

/** A request for a list view. */
export interface RepresentationRequest {
  readonly view: View
  /** The part of Fastify's request needed to detect that the client has disconnected. */
  readonly request: {
    readonly signal: AbortSignal
    readonly socket: { readonly destroyed: boolean }
  }
  /** The caller's accepted codings, best first. */
  readonly codings: readonly Coding[]
}

/** Returns a signal that aborts once the client disconnects; already aborted if the client has disconnected. */
export function disconnectSignal({
  signal,
  socket,
}: RepresentationRequest['request']): AbortSignal {
  return socket.destroyed ? AbortSignal.abort() : signal
}

/**
 * Returns a list representation from the cache, synchronously, or makes and caches a new one. While the
 * compression queue is full, the body stays uncompressed, even if `Accept-Encoding` excludes `identity`: RFC
 * 9110 12.4.1 lets a server disregard the field.
 *
 * The promise rejects once all waiting callers have disconnected.
 */
export function represent(
  list: PlaylistList,
  wanted: RepresentationRequest,
  { current: { representations, lines } }: VariantCache,
): ListRepresentation | Promise<ListRepresentation> {
  const { view, request } = wanted
  const key = `${view.key(list.playlists.length)}\n${list.digest}`
  const plain = representations.get(key)
  if (plain !== undefined) return compressed(plain, list, wanted, representations)
  const make = async (signal: AbortSignal) =>
    representation(key, await view.body(list, lines, signal), 'identity')
  return representations
    .make(key, make, disconnectSignal(request))
    .then(made => compressed(made, list, wanted, representations))
}

/** Returns the representation in the best coding accepted by the caller. */
function compressed(
  plain: ListRepresentation,
  list: PlaylistList,
  { request, codings }: RepresentationRequest,
  representations: Variants<ListRepresentation>,
): ListRepresentation | Promise<ListRepresentation> {
  const coding = codingFor(plain.bytes, codings)
  if (coding === 'identity') return plain
  plain.codedKeys[coding] ??= `${plain.key}\n${coding}`
  const key = plain.codedKeys[coding]
  const cached = representations.get(key)
  if (cached !== undefined) return cached
  if (!representations.isPending(key) && !compressions.hasRoomFor(plain.bytes)) return plain
  const compress = async (signal: AbortSignal) => {
    const part = await compressions.compress(bodyOf(plain, list), plain.bytes, coding, signal)
    const { vary, fields } = plain
    const { length } = part
    return representation(
      key,
      { parts: [part], bytes: length, heldBytes: length + PART_OVERHEAD_BYTES, vary, fields },
      coding,
    )
  }
  return representations.make(key, compress, disconnectSignal(request))
}

/**
 * Whether the representation has the caller's preferred coding. It is `identity` instead if the compression
 * queue was full.
 */
export function isPreferred(
  { bytes, coding }: ListRepresentation,
  codings: readonly Coding[],
): boolean {
  return coding !== 'identity' || codingFor(bytes, codings) === 'identity'
}

function representation(key: string, body: Body, coding: Coding): ListRepresentation {
  // The tag contains the version, since another version might format the same list differently.
  const etag = `"${hash('sha256', `${version} ${key}`, 'base64url').slice(0, 27)}"`
  const contentFields = [...body.fields, 'content-length', String(body.bytes)]
  if (coding !== 'identity') contentFields.push('content-encoding', coding)
  return {
    ...body,
    key,
    coding,
    etag,
    validators: ['etag', etag, 'vary', body.vary],
    contentFields,
    codedKeys: {},
    heldBytes: OVERHEAD_BYTES + body.heldBytes,
  }
}

import { hash } from 'node:crypto'
import { version } from '../../lib/version.ts'
import type { PlaylistList } from '../../playlists/playlist-list.ts'
import {
  bodyOf,
  type ListRepresentation,
  type Representation,
} from '../../playlists/representation.ts'
import type { VariantCache } from '../../playlists/representations.ts'
import { type Coding, codingFor, compressions } from './compression.ts'
import type { Body, View } from './view.ts'

/** Objects, field values and the map entry of a representation, as measured on 64-bit Node. */
const OVERHEAD_BYTES = 800

/** What a caller asks for. */
export interface Asked {
  readonly view: View
  /** Fastify's request, as far as it tells whether its caller has left. */
  readonly request: {
    readonly signal: AbortSignal
    readonly socket: { readonly destroyed: boolean }
  }
}

/** The signal that is aborted once the caller has left; that of the request only if it leaves later. */
export function disconnectSignal({ signal, socket }: Asked['request']): AbortSignal {
  return socket.destroyed ? AbortSignal.abort() : signal
}

/**
 * A list as one representation: at once when it is cached, else made and cached. While other
 * compressions keep the service busy, the body stays as it is, even where `Accept-Encoding` excludes
 * `identity`: RFC 9110 12.4.1 lets a server disregard the field. `codings` are those that the caller
 * accepts, the best first.
 *
 * The promise rejects when all callers that wait for it have left.
 */
export function represent(
  list: PlaylistList,
  asked: Asked,
  codings: readonly Coding[],
  variants: VariantCache,
): Representation | Promise<Representation> {
  const key = `${asked.view.key(list.playlists.length)}\n${list.digest}`
  const plain = variants.representations.get(key) ?? makePlain(key, list, asked, variants)
  return plain instanceof Promise
    ? plain.then(made => compressed(key, made, list, asked, codings, variants))
    : compressed(key, plain, list, asked, codings, variants)
}

function makePlain(
  key: string,
  list: PlaylistList,
  { view, request }: Asked,
  { representations, lines }: VariantCache,
): Promise<ListRepresentation> {
  const make = async (signal: AbortSignal) =>
    representation(key, await view.body(list, lines, signal), 'identity')
  return representations.make(key, make, disconnectSignal(request))
}

/** The uncompressed representation in the coding that suits the caller best. */
function compressed(
  plainKey: string,
  plain: ListRepresentation,
  list: PlaylistList,
  { request }: Asked,
  codings: readonly Coding[],
  { representations }: VariantCache,
): Representation | Promise<Representation> {
  const coding = codingFor(plain.bytes, codings)
  if (coding === 'identity') return plain
  const key = `${plainKey}\n${coding}`
  const known = representations.get(key)
  if (known !== undefined) return known
  if (!representations.isMaking(key) && !compressions.hasRoomFor(plain.bytes)) return plain
  const compress = async (signal: AbortSignal) => {
    const part = await compressions.compress(bodyOf(plain, list), plain.bytes, coding, signal)
    const { vary, fields } = plain
    const { length } = part
    return representation(
      key,
      { parts: [part], bytes: length, heldBytes: length, vary, fields },
      coding,
    )
  }
  return representations.make(key, compress, disconnectSignal(request))
}

function representation(key: string, body: Body, coding: Coding): ListRepresentation {
  // The version, since another one may write the same list otherwise.
  const etag = `"${hash('sha256', `${version} ${key}`, 'base64url').slice(0, 27)}"`
  const contentFields = [...body.fields, 'content-length', String(body.bytes)]
  if (coding !== 'identity') contentFields.push('content-encoding', coding)
  return {
    ...body,
    etag,
    validators: ['etag', etag, 'vary', body.vary],
    contentFields,
    heldBytes: OVERHEAD_BYTES + body.heldBytes,
  }
}

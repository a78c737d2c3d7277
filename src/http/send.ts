import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { StoredPlaylists } from '../playlists/cached-playlists.ts'
import { bodyOf, type Representation } from '../playlists/representation.ts'
import { commonFields } from './common-headers.ts'
import { isNotModified } from './conditional.ts'
import { contextOf } from './request-context.ts'

/** Each part is a write of its own, which costs more than to copy so many bytes. */
const MAX_JOINED_BYTES = 16 * 1024

/** What is written at once goes to the system in one call, which copies all of it. */
const MAX_BYTES_AT_ONCE = 1024 * 1024

/**
 * Answers with a representation, without joining the parts of a long one, or with 304 when the caller
 * has it. `fields` (name, value, name, …) go out too, what was set on the reply does not. For HEAD
 * the body is left out. `stored` is the list that it represents, if it does.
 */
export function sendRepresentation(
  reply: FastifyReply,
  representation: Representation,
  fields: readonly string[],
  stored?: StoredPlaylists,
): void {
  const { raw, request } = reply
  const { validators, contentFields } = representation
  const common = commonFields(request)
  const { corsFields } = contextOf(request)
  if (corsFields !== undefined) common.push(...corsFields)
  reply.hijack()
  if (isNotModified(request.headers, representation.etag, stored?.modifiedAt)) {
    raw.writeHead(304, [...validators, ...fields, ...common]).end()
    return
  }
  const dateFields = stored?.dateFields ?? []
  raw.writeHead(200, [...validators, ...contentFields, ...dateFields, ...fields, ...common])
  if (request.method === 'HEAD') raw.end()
  else
    endWith(
      raw,
      stored === undefined ? representation.parts : bodyOf(representation, stored.list),
      representation.bytes,
    )
}

function endWith(raw: ServerResponse, parts: readonly Buffer[], bytes: number): void {
  if (parts.length > 1 && bytes <= MAX_JOINED_BYTES) {
    raw.end(Buffer.concat(parts, bytes))
    return
  }
  writeOn(raw, parts, 0)
}

/** Writes the parts from this one on, as many at once as hold up no other answer for long. */
function writeOn(raw: ServerResponse, parts: readonly Buffer[], from: number): void {
  // The caller has left.
  if (raw.destroyed) return
  const last = parts.length - 1
  let index = from
  let bytes = 0
  raw.cork()
  while (index < last && bytes < MAX_BYTES_AT_ONCE) {
    const part = parts[index++] as Buffer
    bytes += part.length
    raw.write(part)
  }
  if (index >= last) {
    raw.end(parts[last])
    return
  }
  // Called when the system has taken it all, which may be in this turn of the event loop.
  raw.write(parts[index] as Buffer, () => setImmediate(() => writeOn(raw, parts, index + 1)))
  raw.uncork()
}

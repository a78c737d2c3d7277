import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { httpDate } from '../lib/http-date.ts'
import type { StoredPlaylists } from '../playlists/cached-playlists.ts'
import { bodyOf, MAX_JOINED_BYTES, type Representation } from '../playlists/representation.ts'
import { contextOf } from './request-context.ts'

/** Returns the fields for any response to the request, flat: name, value, name, … */
export function commonFields(request: FastifyRequest): string[] {
  return [...ownFields(request.id, contextOf(request).rateLimitFields), ...SAME_FIELDS]
}

/** Fields with the same value in every response. */
export const SAME_FIELDS: readonly string[] = ['x-content-type-options', 'nosniff']

/** Returns the request id field and, if the caller has a limit, the rate limit fields. */
export function ownFields(requestId: string, rateLimitFields: string[] | undefined): string[] {
  const fields = ['x-request-id', requestId]
  return rateLimitFields === undefined ? fields : [...fields, ...rateLimitFields]
}

/** Sets flat fields on a reply. */
export function setFields(reply: FastifyReply, fields: readonly string[]): void {
  for (let at = 0; at < fields.length; at += 2) reply.header(fields[at] as string, fields[at + 1])
}

/** The media type for pages. */
export const HTML_TYPE = 'text/html; charset=utf-8'

/** Sends a page with these flat fields. */
export function sendPage(
  reply: FastifyReply,
  page: string,
  fields: readonly string[],
  status = reply.statusCode,
): void {
  setFields(reply, fields)
  reply.code(status).header('content-type', HTML_TYPE).send(page)
}

/** Up to this size, converting the bytes to a string is cheaper than a separate write. */
const MAX_STRING_BYTES = 1024
/** The size of one write; the system copies it in one blocking call. */
const MAX_BYTES_AT_ONCE = 1024 * 1024

/**
 * Sends a representation, or 304 if the caller already has it. The response has the header `fields` (name,
 * value, name, …), not the fields set on the reply; for HEAD there is no body. `stored` is the cached list
 * behind the representation, if any.
 */
export function sendRepresentation(
  reply: FastifyReply,
  representation: Representation,
  fields: readonly string[],
  stored?: StoredPlaylists,
): void {
  const { raw, request } = reply
  const { corsFields = [] } = contextOf(request)
  reply.hijack()
  const status = isNotModified(raw.req.headers, representation.etag, stored) ? 304 : 200
  const all = [...fields, ...commonFields(request), ...corsFields]
  raw.writeHead(status, fieldsOf(status, representation, all, stored))
  endRepresentation(raw, status, representation, stored)
}

/**
 * Joins the fields from the representation and the list with `fields`, flat, for a response with this status.
 */
export function fieldsOf(
  status: 200 | 304,
  { validators, contentFields }: Representation,
  fields: readonly string[],
  stored: StoredPlaylists | undefined,
): string[] {
  const all = withOneVary(validators, fields)
  if (status === 200) all.push(...contentFields, ...(stored?.dateFields ?? []))
  return all
}

/** Sends the body, if there is one, after the head has been written, and ends the response. */
export function endRepresentation(
  raw: ServerResponse,
  status: 200 | 304,
  representation: Representation,
  stored: StoredPlaylists | undefined,
): void {
  if (status === 304 || raw.req.method === 'HEAD') {
    raw.end()
    return
  }
  const { items, parts, bytes } = representation
  if (items === undefined || stored === undefined) {
    endWith(raw, parts, bytes)
    return
  }
  const joined = stored.list.playlists.joinedBody(items)
  if (joined === undefined) endWith(raw, bodyOf(representation, stored.list), bytes)
  else raw.end(joined)
}

/** Joins flat fields and merges `Vary` fields, since nginx before 1.23 reads only the last `Vary`. */
function withOneVary(validators: readonly string[], fields: readonly string[]): string[] {
  const at = validators.findIndex(isVary)
  const other = fields.findIndex(isVary)
  if (at === -1 || other === -1) return [...validators, ...fields]
  const vary = `${validators[at + 1]}, ${fields[other + 1]}`
  return [...validators.with(at + 1, vary), ...fields.toSpliced(other, 2)]
}

/** Whether this part of flat fields is the name `Vary`, not a value: callers choose some values. */
function isVary(part: string, index: number): boolean {
  return index % 2 === 0 && part === 'vary'
}

function endWith(raw: ServerResponse, parts: readonly Buffer[], bytes: number): void {
  const [first] = parts
  if (parts.length === 1) raw.end(first)
  else if (bytes <= MAX_JOINED_BYTES) raw.end(Buffer.concat(parts, bytes))
  else writeOn(raw, parts, 0)
}

/** Writes the parts from index `from` on, about 1 MB per task, so other responses do not have to wait. */
function writeOn(raw: ServerResponse, parts: readonly Buffer[], from: number): void {
  // The client has disconnected.
  if (raw.destroyed) return
  const last = parts.length - 1
  let index = from
  let bytes = 0
  raw.cork()
  while (index < last && bytes < MAX_BYTES_AT_ONCE) {
    const part = parts[index++] as Buffer
    bytes += part.length
    // Node sends a string together with the header fields, so the system has one piece fewer to copy.
    if (index === 1 && part.length <= MAX_STRING_BYTES) raw.write(part.toString('latin1'), 'latin1')
    else raw.write(part)
  }
  if (index >= last) {
    raw.end(parts[last])
    return
  }
  // Node can call back synchronously if the system takes all bytes at once.
  raw.write(parts[index] as Buffer, () => setImmediate(() => writeOn(raw, parts, index + 1)))
  raw.uncork()
}

/**
 * Whether the response to a GET or HEAD is 304 because the caller has this representation (RFC 9110 13.2.2).
 * Compares entity tags weakly; a date counts only without `If-None-Match`. `dated` says when the content
 * last changed, in epoch ms; undefined if unknown.
 */
export function isNotModified(
  headers: IncomingHttpHeaders,
  etag: string,
  dated: Pick<StoredPlaylists, 'modifiedAt'> | undefined,
): boolean {
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined) {
    // Tags contain no quotes (RFC 9110 8.8.3), so our quoted tag matches only itself.
    return ifNoneMatch.includes(etag) || ifNoneMatch.trim() === '*'
  }
  const { 'if-modified-since': field } = headers
  if (dated === undefined || field === undefined) return false
  const since = httpDate(field)
  // HTTP dates have whole seconds.
  return since !== undefined && Math.floor(dated.modifiedAt / 1000) * 1000 <= since
}

import { isUtf8 } from 'node:buffer'
import { setImmediate as nextTask } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { StoredResponse } from '../cache/freshness.ts'
import { gunzipped } from '../lib/gunzip.ts'
import { type StoredBody, StoredPlaylists, UnknownUser, userNotFound } from './cached-playlists.ts'
import { type EntryHead, isHead, isOtherHead, type ListHead, VERSION } from './entry-head.ts'
import { joinPages } from './join-pages.ts'
import { JSON_SEPARATOR } from './playlist-list.ts'
import { ownBuffer, type Segment } from './serialised-items.ts'
import { isObject, keysOf, PAGE_SIZE, type SerialisedPage } from './serialised-page.ts'

const VERSION_1_MAGIC = 'plpx'
/** Compresses nearly as well as the best level, in a third of the time. */
const COMPRESSION_LEVEL = 3
const LINE_FEED = 0x0a
/** Maximum to parse in one task: twice the size limit for a Spotify page. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024

/**
 * The result of decoding bytes from another process: an entry, expired or not; `unusable`: an entry from an
 * older or newer version of this service; `malformed`: anything else, or too large.
 */
export type DecodedEntry =
  | {
      readonly kind: 'usable'
      readonly userId: string
      readonly response: StoredResponse<StoredBody>
    }
  | { readonly kind: 'unusable' }
  | { readonly kind: 'malformed' }

const compress = promisify<Buffer, object, Buffer>(gzip)

/**
 * Serialises a stored response for a file or another process: gzipped (RFC 1952) JSON lines, first the head,
 * then one playlist per line. Omits digests, since every process computes them from the playlists. Compresses
 * off the event loop.
 */
export async function encodeEntry(
  userId: string,
  { body, ...instants }: StoredResponse<StoredBody>,
): Promise<Buffer> {
  const head: EntryHead = { version: VERSION, userId, ...instants }
  const lines: Buffer[] = []
  if (body instanceof StoredPlaylists) {
    const { playlists, spotifyTotal, complete, settled } = body.list
    const { modifiedAt } = body
    head.list = { modifiedAt, spotifyTotal, complete, settled, playlists: playlists.length }
    lines.push(...playlists.separatedBy('\n').window(0, playlists.length))
  }
  const text = Buffer.from(`${JSON.stringify(head)}\n`)
  return compress(Buffer.concat([text, ...lines]), { level: COMPRESSION_LEVEL })
}

/**
 * Parses the result of `encodeEntry`. Does not trust sizes in the head: items end at line ends, and each must
 * be a JSON object. Decompresses to at most `maxBytes`. Never rejects.
 */
export async function decodeEntry(bytes: Buffer, maxBytes: number): Promise<DecodedEntry> {
  if (bytes.toString('latin1', 0, VERSION_1_MAGIC.length) === VERSION_1_MAGIC) {
    return { kind: 'unusable' }
  }
  try {
    return await entryIn(await gunzipped(bytes, maxBytes))
  } catch {
    // The bytes are not gzip, truncated, too large, or without valid content.
    return { kind: 'malformed' }
  }
}

/** @throws {Error} if the bytes are not an entry. */
async function entryIn(plain: Buffer): Promise<DecodedEntry> {
  if (!isUtf8(plain)) throw new Error('not UTF-8')
  const end = lineEnd(plain, 0)
  const head: unknown = JSON.parse(textAt(plain, 0, end))
  if (isOtherHead(head)) return { kind: 'unusable' }
  if (!isHead(head)) throw new Error('no head')
  const { userId, list } = head
  const { generatedAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil } = head
  const lines = plain.subarray(end)
  const body =
    list === undefined ? unknownUserIn(lines) : await playlistsIn(lines, list, generatedAt)
  const instants = { generatedAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil }
  return { kind: 'usable', userId, response: { body, ...instants } }
}

function unknownUserIn(lines: Buffer): UnknownUser {
  if (lines.length > 0) throw new Error('playlists of an unknown user')
  return new UnknownUser(userNotFound())
}

/** Parses the lines like pages from a single read. */
async function playlistsIn(
  lines: Buffer,
  { modifiedAt, spotifyTotal: total, complete, settled, playlists }: ListHead,
  generatedAt: number,
): Promise<StoredPlaylists> {
  const parts: SerialisedPage[] = []
  let at = 0
  for (let left = playlists; left > 0; left -= PAGE_SIZE) {
    if (parts.length > 0) await nextTask()
    const segment = segmentAt(lines, at, Math.min(left, PAGE_SIZE))
    const items = textAt(lines, at, at + segment.bytes.length).split('\n')
    const keys = keysOf(items.map(objectIn), items)
    parts.push({ keys, segment, total, entries: items.length })
    at += segment.bytes.length
  }
  if (at < lines.length) throw new Error('more playlists than in the head')
  const list = await joinPages([{ parts, total, hasAllEntries: complete }])
  if (list.playlists.length < playlists) throw new Error('repeated playlists')
  // The content cannot have changed after the read.
  return new StoredPlaylists({ ...list, settled }, Math.min(modifiedAt, generatedAt))
}

/** Copies the next lines to a segment. */
function segmentAt(lines: Buffer, at: number, count: number): Segment {
  const offsets = new Uint32Array(count)
  let end = at
  for (let nth = 0; nth < count; nth++) {
    end = lineEnd(lines, end)
    offsets[nth] = end - at
  }
  const bytes = ownBuffer(lines.subarray(at, end))
  for (const offset of offsets) bytes.write(JSON_SEPARATOR, offset - 1)
  return { bytes, offsets }
}

/** The end of the line at `at`, including the line feed. */
function lineEnd(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(LINE_FEED, at)
  if (end === -1) throw new Error('no line feed')
  return end + 1
}

/** The lines from `at` to `end` as text, without the last line feed. */
function textAt(bytes: Buffer, at: number, end: number): string {
  if (end - at > MAX_TEXT_BYTES) throw new Error('too long to parse in one task')
  return bytes.toString('utf8', at, end - 1)
}

function objectIn(item: string): Record<string, unknown> {
  const value: unknown = JSON.parse(item)
  if (!isObject(value)) throw new Error('not a playlist')
  return value
}

import { isUtf8 } from 'node:buffer'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { StoredResponse } from '../cache/freshness.ts'
import { gunzipped } from '../lib/gunzip.ts'
import { type StoredBody, StoredPlaylists, UnknownUser, userNotFound } from './cached-playlists.ts'
import { type EntryHead, isHead, isOtherHead, type ListFacts, VERSION } from './entry-head.ts'
import { joinPages } from './join-pages.ts'
import { JSON_SEPARATOR } from './playlist-list.ts'
import { type Chunk, ownBuffer } from './records.ts'
import { distinct, keysOf, PAGE_SIZE, type Part } from './serialised-page.ts'

const VERSION_1_MAGIC = 'plpx'
/** Nearly as small as the best level, in a third of the time. */
const COMPRESSION_LEVEL = 3
const LINE_FEED = 0x0a
/** Parsed in one turn of the event loop: twice what a page of Spotify may have. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024

/**
 * What bytes turned out to be: an entry; `other-version`: an entry of an older or newer version of
 * this service; `malformed`: anything else, or larger than allowed.
 */
export type DecodedEntry =
  | {
      readonly kind: 'entry'
      readonly userId: string
      readonly response: StoredResponse<StoredBody>
    }
  | { readonly kind: 'other-version' }
  | { readonly kind: 'malformed' }

const compress = promisify<Buffer, object, Buffer>(gzip)

/**
 * Serialises a stored response for a file or another process: gzip (RFC 1952) of lines of JSON, the
 * head first and then one playlist per line. Leaves out digests, other formats and compressed
 * bodies, which every process makes from the playlists. Compresses off the event loop.
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
 * Reads what `encodeEntry` wrote, and believes no size in it: records end where lines end, and each
 * has to be a JSON object. Decompresses at most `maxBytes`. Never rejects.
 */
export async function decodeEntry(bytes: Buffer, maxBytes: number): Promise<DecodedEntry> {
  if (bytes.toString('latin1', 0, VERSION_1_MAGIC.length) === VERSION_1_MAGIC) {
    return { kind: 'other-version' }
  }
  try {
    return await entryIn(await gunzipped(bytes, maxBytes))
  } catch {
    // No gzip, cut short, too large, or not what it should hold.
    return { kind: 'malformed' }
  }
}

/** @throws {Error} when it is no entry. */
async function entryIn(plain: Buffer): Promise<DecodedEntry> {
  if (!isUtf8(plain)) throw new Error('not UTF-8')
  const end = lineEnd(plain, 0)
  const head: unknown = JSON.parse(textAt(plain, 0, end))
  if (isOtherHead(head)) return { kind: 'other-version' }
  if (!isHead(head)) throw new Error('no head')
  const { userId, list } = head
  const { generatedAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil } = head
  const lines = plain.subarray(end)
  const body =
    list === undefined ? unknownUserIn(lines) : await playlistsIn(lines, list, generatedAt)
  const instants = { generatedAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil }
  return { kind: 'entry', userId, response: { body, ...instants } }
}

function unknownUserIn(lines: Buffer): UnknownUser {
  if (lines.length > 0) throw new Error('playlists of nobody')
  return new UnknownUser(userNotFound())
}

/** Reads the lines as if they were pages of Spotify that were read once. */
async function playlistsIn(
  lines: Buffer,
  { modifiedAt, spotifyTotal: total, complete, settled, playlists }: ListFacts,
  generatedAt: number,
): Promise<StoredPlaylists> {
  const numbered = distinct()
  const parts: Part[] = []
  let at = 0
  for (let left = playlists; left > 0; left -= PAGE_SIZE) {
    if (parts.length > 0) await nextTurn()
    const chunk = chunkAt(lines, at, Math.min(left, PAGE_SIZE))
    const records = textAt(lines, at, at + chunk.bytes.length).split('\n')
    const keys = keysOf(records.map(objectIn), records)
    parts.push(numbered({ ...keys, chunk, total, entries: records.length }))
    at += chunk.bytes.length
  }
  if (at < lines.length) throw new Error('more playlists than the head names')
  const list = await joinPages([{ parts, total, complete }])
  if (list.playlists.length < playlists) throw new Error('repeated playlists')
  // Content cannot have changed after it was read.
  return new StoredPlaylists({ ...list, settled }, Math.min(modifiedAt, generatedAt), undefined)
}

/** The next lines as records of their own memory. */
function chunkAt(lines: Buffer, at: number, count: number): Chunk {
  const ends = new Uint32Array(count)
  let end = at
  for (let nth = 0; nth < count; nth++) {
    end = lineEnd(lines, end)
    ends[nth] = end - at
  }
  const bytes = ownBuffer(lines.subarray(at, end))
  for (const recordEnd of ends) bytes.write(JSON_SEPARATOR, recordEnd - 1)
  return { bytes, ends }
}

/** Where the line that begins at `at` ends, its line feed included. */
function lineEnd(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(LINE_FEED, at)
  if (end === -1) throw new Error('a line without an end')
  return end + 1
}

/** Without the last line feed. */
function textAt(bytes: Buffer, at: number, end: number): string {
  if (end - at > MAX_TEXT_BYTES) throw new Error('too long to be parsed at once')
  return bytes.toString('utf8', at, end - 1)
}

function objectIn(record: string): Record<string, unknown> {
  const value: unknown = JSON.parse(record)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('not a playlist')
  }
  return value as Record<string, unknown>
}

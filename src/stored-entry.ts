import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { StoredResponse } from './cache/freshness.ts'
import { gunzipped } from './gunzip.ts'
import type { PlaylistList } from './playlist-list.ts'
import { Problem } from './problems.ts'
import { type Chunk, ownBuffer, Records } from './records.ts'
import { type StoredBody, StoredPlaylists, UnknownUser } from './stored-playlists.ts'

/** What all versions begin with. The byte after it is the version. */
const MAGIC = Buffer.from('plpx')
const VERSION = 1
const DIGEST_BYTES = 32
const PREFIX_BYTES = MAGIC.length + 1 + DIGEST_BYTES
const LENGTH_BYTES = 4
const END_BYTES = Uint32Array.BYTES_PER_ELEMENT
/** Nearly as small as the best, in a third of the time. */
const COMPRESSION_LEVEL = 3

const INSTANTS = [
  'generatedAt',
  'freshUntil',
  'staleWhileRevalidateUntil',
  'staleIfErrorUntil',
] as const

const compress = promisify<Buffer, object, Buffer>(gzip)

/** What precedes the bytes of the playlists, as JSON. Instants are epoch ms. */
interface Head extends Omit<StoredResponse<never>, 'body'> {
  userId: string
  /** The detail of the problem of a user that Spotify does not know. */
  unknownUser?: string
  list?: Omit<PlaylistList, 'playlists'> & {
    modifiedAt: number
    /** Of each chunk: its bytes, its records. */
    chunks: [bytes: number, records: number][]
  }
}

/**
 * What bytes were found to be: an entry; `foreign`: something else; `newer`: of a version to come;
 * `damaged`: an entry that is not whole, or larger than allowed.
 */
export type DecodedEntry =
  | {
      readonly kind: 'entry'
      readonly userId: string
      readonly response: StoredResponse<StoredBody>
    }
  | { readonly kind: 'foreign' | 'newer' | 'damaged' }

/**
 * A stored response as bytes, to be kept in a file or in another process: magic, version, SHA-256
 * of the rest, and the rest compressed. What was made from the list for callers is left out, since
 * it comes out the same when it is made anew. Compressed off the event loop.
 */
export async function encodeEntry(
  userId: string,
  response: StoredResponse<StoredBody>,
): Promise<Buffer> {
  const { body, ...instants } = response
  const head: Head =
    body instanceof StoredPlaylists
      ? { userId, ...instants, list: listHead(body) }
      : { userId, ...instants, unknownUser: body.problem.message }
  const text = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(text.length)
  const parts = body instanceof StoredPlaylists ? body.list.playlists.chunks.flatMap(bytesOf) : []
  const packed = await compress(Buffer.concat([length, text, ...parts]), {
    level: COMPRESSION_LEVEL,
  })
  return Buffer.concat([MAGIC, Buffer.from([VERSION]), digestOf(packed), packed])
}

/**
 * Reads what `encodeEntry` has made. Nothing of it is believed before it is checked, and no more
 * than `maxBytes` are made of it. Never rejects.
 */
export async function decodeEntry(bytes: Buffer, maxBytes: number): Promise<DecodedEntry> {
  const version = bytes[MAGIC.length]
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC) || version === undefined) {
    return { kind: 'foreign' }
  }
  if (version !== VERSION) return { kind: version > VERSION ? 'newer' : 'foreign' }
  const packed = bytes.subarray(PREFIX_BYTES)
  const digest = bytes.subarray(MAGIC.length + 1, PREFIX_BYTES)
  if (!digestOf(packed).equals(digest)) return { kind: 'damaged' }
  try {
    return entryOf(await gunzipped(packed, maxBytes))
  } catch {
    // It was made so: too large, no gzip, no JSON.
    return { kind: 'damaged' }
  }
}

function listHead({ list, modifiedAt }: StoredPlaylists): NonNullable<Head['list']> {
  const { playlists, ...facts } = list
  const chunks = playlists.chunks.map(({ bytes, ends }): [number, number] => [
    bytes.length,
    ends.length,
  ])
  return { ...facts, modifiedAt, chunks }
}

function bytesOf({ bytes, ends }: Chunk): Buffer[] {
  const marks = Buffer.allocUnsafe(ends.length * END_BYTES)
  for (const [index, end] of ends.entries()) marks.writeUInt32LE(end, index * END_BYTES)
  return [bytes, marks]
}

function entryOf(plain: Buffer): DecodedEntry {
  const from = LENGTH_BYTES + plain.readUInt32LE(0)
  const head: unknown = JSON.parse(plain.toString('utf8', LENGTH_BYTES, from))
  if (!isHead(head)) return { kind: 'damaged' }
  const { userId, list, unknownUser = '', ...instants } = head
  if (list === undefined) {
    const facts = { originStatus: 404 }
    const body = new UnknownUser(new Problem('user-not-found', unknownUser, facts))
    return { kind: 'entry', userId, response: { body, ...instants } }
  }
  const { chunks: sizes, modifiedAt, ...facts } = list
  const chunks: Chunk[] = []
  let at = from
  for (const [length, records] of sizes) {
    const chunk = chunkAt(plain, at, length, records)
    if (chunk === undefined) return { kind: 'damaged' }
    chunks.push(chunk)
    at += length + records * END_BYTES
  }
  const body = new StoredPlaylists(
    { ...facts, playlists: new Records(chunks) },
    modifiedAt,
    undefined,
  )
  return { kind: 'entry', userId, response: { body, ...instants } }
}

/** Whether each member is there and of its type; the bytes of the chunks are still to be checked. */
function isHead(value: unknown): value is Head {
  const { list, unknownUser, ...head } = Object(value)
  if (!hasAll(head, 'string', ['userId']) || !hasAll(head, 'number', INSTANTS)) return false
  if (list === undefined) return typeof unknownUser === 'string'
  return (
    hasAll(list, 'number', ['modifiedAt', 'spotifyTotal']) &&
    hasAll(list, 'boolean', ['complete', 'settled']) &&
    hasAll(list, 'string', ['digest', 'membership']) &&
    Array.isArray(list.chunks) &&
    list.chunks.flat().every(isCount)
  )
}

function hasAll(value: unknown, type: string, names: readonly string[]): boolean {
  const members = Object(value)
  return names.every(name => typeof members[name] === type)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** Undefined when it does not fit together. */
function chunkAt(plain: Buffer, at: number, length: number, records: number): Chunk | undefined {
  const marksAt = at + length
  if (marksAt + records * END_BYTES > plain.length) return undefined
  const ends = new Uint32Array(records)
  let last = 0
  for (let index = 0; index < records; index++) {
    const end = plain.readUInt32LE(marksAt + index * END_BYTES)
    if (end <= last) return undefined
    ends[index] = end
    last = end
  }
  return last === length ? { bytes: ownBuffer(plain.subarray(at, marksAt)), ends } : undefined
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}

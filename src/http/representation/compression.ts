import { pipeline } from 'node:stream/promises'
import { constants, createBrotliCompress, createGzip } from 'node:zlib'
import { PrioritySemaphore, type Release } from '../../lib/priority-semaphore.ts'
import { WaitingCallers } from '../../lib/waiting-callers.ts'
import { ownBuffer } from '../../playlists/serialised-items.ts'

/** Content codings by the name they have in HTTP, the best first when a caller likes them alike. */
export const CODINGS = ['br', 'gzip', 'identity'] as const

export type Coding = (typeof CODINGS)[number]

/** What fits into one packet gains nothing from being smaller. */
const MIN_GZIP_BYTES = 1024
/** Brotli is a tenth smaller than gzip and takes twice the time: nothing worth it in small bodies. */
const MIN_BROTLI_BYTES = 16 * 1024
const MIN_BYTES = { br: MIN_BROTLI_BYTES, gzip: MIN_GZIP_BYTES, identity: 0 }
/** Beyond it the time grows several times and the bytes hardly shrink. */
const BROTLI_QUALITY = 5

/** The coding to use for a body of that many bytes, out of those a caller welcomes, the best first. */
export function codingFor(bytes: number, welcome: readonly Coding[]): Coding {
  return welcome.find(coding => bytes >= MIN_BYTES[coding]) ?? (welcome[0] as Coding)
}

/** Each one takes a thread of the four in Node's pool, and about 10 MB. */
const MAX_AT_ONCE = 2
/** About an eighth of a second of work. Bodies that would wait longer are not compressed. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
/** Compressed bodies are kept for all callers, so that these take no turns. */
const ANYBODY = new WaitingCallers('anybody')

/** Compresses a few bodies at once, while a few more wait. A waiting one holds no compressor yet. */
export class CompressionQueue {
  readonly #slots = new PrioritySemaphore(MAX_AT_ONCE)
  #waitingBytes = 0

  /** Whether a body of that many bytes would be compressed at once or after a short wait. */
  hasRoomFor(bytes: number): boolean {
    return !this.#slots.isFull || this.#waitingBytes + bytes <= MAX_WAITING_BYTES
  }

  /** Compresses a body of that many bytes. An abort stops it, also while it waits. */
  async compress(
    parts: readonly Buffer[],
    bytes: number,
    coding: Exclude<Coding, 'identity'>,
    signal: AbortSignal,
  ): Promise<Buffer> {
    const waitingBytes = this.#slots.isFull ? bytes : 0
    this.#waitingBytes += waitingBytes
    let release: Release
    try {
      release = await this.#slots.acquire(true, ANYBODY, signal)
    } finally {
      this.#waitingBytes -= waitingBytes
    }
    try {
      return await compress(parts, coding, signal)
    } finally {
      release()
    }
  }
}

/** One for the whole process, as the threads and the memory that it spares are. */
export const compressions = new CompressionQueue()

/** Compresses a body, piece by piece off the event loop, into memory of its own. */
async function compress(
  parts: readonly Buffer[],
  coding: Exclude<Coding, 'identity'>,
  signal: AbortSignal,
): Promise<Buffer> {
  const compressor =
    coding === 'gzip'
      ? createGzip()
      : createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } })
  const pieces: Buffer[] = []
  const collect = async (compressed: AsyncIterable<Buffer>) => {
    for await (const piece of compressed) pieces.push(piece)
  }
  await pipeline(parts, compressor, collect, { signal })
  return ownBuffer(...pieces)
}

import { pipeline } from 'node:stream/promises'
import { constants, createBrotliCompress, createGzip } from 'node:zlib'
import { PrioritySemaphore, type Release } from '../../lib/priority-semaphore.ts'
import { WaitingCallers } from '../../lib/waiting-callers.ts'
import { ownBuffer } from '../../playlists/serialised-items.ts'

/** Content codings by HTTP name, in our order of preference. */
export const CODINGS = ['br', 'gzip', 'identity'] as const

export type Coding = (typeof CODINGS)[number]

/** Compression does not help a body that fits into one packet. */
const MIN_GZIP_BYTES = 1024
/** Brotli output is a tenth smaller than gzip but takes twice as long: not worth it for small bodies. */
const MIN_BROTLI_BYTES = 16 * 1024
const MIN_BYTES = { br: MIN_BROTLI_BYTES, gzip: MIN_GZIP_BYTES, identity: 0 }
/** Higher qualities take several times as long and save hardly any bytes. */
const BROTLI_QUALITY = 5

/** Returns the coding for a body of `bytes`. `accepted` lists the caller's accepted codings, best first. */
export function codingFor(bytes: number, accepted: readonly Coding[]): Coding {
  return accepted.find(coding => bytes >= MIN_BYTES[coding]) ?? (accepted[0] as Coding)
}

/** Each compression takes one of Node's four pool threads, and about 10 MB. */
const MAX_CONCURRENT = 2
/** About an eighth of a second's work. A body that would wait longer stays uncompressed. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
/** All callers share compressed bodies, so they do not have to take turns. */
const ALL_CALLERS = new WaitingCallers('all')

/** Compresses a few bodies at once, and queues a few more. A queued body does not hold a compressor yet. */
export class CompressionQueue {
  readonly #slots = new PrioritySemaphore(MAX_CONCURRENT)
  #waitingBytes = 0

  /** Whether the queue would compress a body of `bytes` at once or after a short wait. */
  hasRoomFor(bytes: number): boolean {
    return !this.#slots.isFull || this.#waitingBytes + bytes <= MAX_WAITING_BYTES
  }

  /** Compresses a body of `bytes`. The signal also removes a waiting body from the queue. */
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
      release = await this.#slots.acquire(true, ALL_CALLERS, signal)
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

/** One queue for the process, to limit threads and memory. */
export const compressions = new CompressionQueue()

/** Compresses a body off the event loop, into a Buffer with its own memory. */
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

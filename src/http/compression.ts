import { Readable } from 'node:stream'
import { constants, createBrotliCompress, createGzip } from 'node:zlib'
import { ownBuffer } from '../records.ts'

/** Content codings by the name they have in HTTP, the best first when a caller likes them alike. */
export const CODINGS = ['br', 'gzip', 'identity'] as const

export type Coding = (typeof CODINGS)[number]

/** What fits into one packet gains nothing from being smaller. */
const MIN_GZIP_BYTES = 1024
/** Brotli is a tenth smaller than gzip and takes twice the time: nothing worth it in small bodies. */
const MIN_BROTLI_BYTES = 16 * 1024
/** Beyond it the time grows several times and the bytes hardly shrink. */
const BROTLI_QUALITY = 5

/** The coding to use for a body of that many bytes, out of those a caller welcomes, the best first. */
export function codingFor(bytes: number, welcome: readonly Coding[]): Coding {
  const minBytes = { br: MIN_BROTLI_BYTES, gzip: MIN_GZIP_BYTES, identity: 0 }
  return welcome.find(coding => bytes >= minBytes[coding]) ?? (welcome[0] as Coding)
}

/** Compresses a body, piece by piece off the event loop, into memory of its own. */
export async function compress(
  parts: readonly Buffer[],
  coding: Exclude<Coding, 'identity'>,
): Promise<Buffer> {
  const compressor =
    coding === 'gzip'
      ? createGzip()
      : createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } })
  Readable.from(parts).pipe(compressor)
  const pieces: Buffer[] = await compressor.toArray()
  return ownBuffer(...pieces)
}

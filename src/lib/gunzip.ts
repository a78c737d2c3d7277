import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'

/**
 * Up to this size, decoding is faster than handing over to another thread. Also the chunk size in that
 * thread.
 */
const MAX_BYTES_AT_ONCE = 256 * 1024
/** Bounds the number of chunks if the stated length is too small. */
const MIN_CHUNK_BYTES = 1024
/** Gzip data ends with the decoded length (RFC 1952 2.3.1). */
const LENGTH_BYTES = 4

const gunzipInThread = promisify<Buffer, object, Buffer>(gunzip)

/**
 * Decodes gzip: short data at once, longer data in another thread.
 *
 * @throws {Error} with `code` `ERR_BUFFER_TOO_LARGE` if the result exceeds `maxBytes`, or with a zlib code
 * if the data is malformed or truncated.
 */
export async function gunzipped(packed: Buffer, maxBytes: number): Promise<Buffer> {
  const maxOutputLength = Math.min(maxBytes, MAX_BYTES_AT_ONCE)
  const stated = statedLength(packed)
  if (packed.length <= MAX_BYTES_AT_ONCE && stated <= maxOutputLength) {
    // With one extra byte, zlib notices the end and the result is a single chunk.
    const chunkSize = Math.max(MIN_CHUNK_BYTES, stated + 1)
    try {
      return gunzipSync(packed, { maxOutputLength, chunkSize })
    } catch (error) {
      // The result is longer than stated: several members, or a wrong length.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error
    }
  }
  return gunzipInThread(packed, { maxOutputLength: maxBytes, chunkSize: MAX_BYTES_AT_ONCE })
}

/** Returns the length stated by the last member, which might be wrong. */
function statedLength(packed: Buffer): number {
  return packed.length < LENGTH_BYTES ? 0 : packed.readUInt32LE(packed.length - LENGTH_BYTES)
}

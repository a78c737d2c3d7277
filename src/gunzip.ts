import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'

/** Handing so much to another thread takes longer than decoding it. */
const MAX_BYTES_AT_ONCE = 256 * 1024
/** The least that zlib takes. */
const MIN_ROOM_BYTES = 64
/** Where gzip says how long it is when decoded, counted from its end (RFC 1952 2.3.1). */
const LENGTH_BYTES = 4

const gunzipApart = promisify<Buffer, object, Buffer>(gunzip)

/**
 * Decodes gzip: what is short at once, all else off the event loop.
 *
 * @throws {Error} with the `code` `ERR_BUFFER_TOO_LARGE` when more than `maxBytes` come of it, with
 * one of zlib when it is no gzip or cut short.
 */
export async function gunzipped(packed: Buffer, maxBytes: number): Promise<Buffer> {
  // What it says of itself need not be true.
  const said = packed.length < LENGTH_BYTES ? 0 : packed.readUInt32LE(packed.length - LENGTH_BYTES)
  // With room for one byte more zlib sees that it is done, and nothing has to be put together.
  const chunkSize = Math.max(MIN_ROOM_BYTES, Math.min(said, MAX_BYTES_AT_ONCE) + 1)
  const maxOutputLength = Math.min(maxBytes, MAX_BYTES_AT_ONCE)
  if (said <= maxOutputLength) {
    try {
      return gunzipSync(packed, { maxOutputLength, chunkSize })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error
    }
  }
  return gunzipApart(packed, { maxOutputLength: maxBytes, chunkSize })
}

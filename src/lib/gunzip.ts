import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'

/** Handing so much to another thread takes longer than decoding it; also what that thread makes at once. */
const MAX_BYTES_AT_ONCE = 256 * 1024
/** Less would be many pieces where more comes than was said. */
const MIN_ROOM_BYTES = 1024
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
  const maxOutputLength = Math.min(maxBytes, MAX_BYTES_AT_ONCE)
  const said = lengthSaid(packed)
  if (packed.length <= MAX_BYTES_AT_ONCE && said <= maxOutputLength) {
    // With room for one byte more zlib sees that it is done, and nothing has to be put together.
    const chunkSize = Math.max(MIN_ROOM_BYTES, said + 1)
    try {
      return gunzipSync(packed, { maxOutputLength, chunkSize })
    } catch (error) {
      // More comes than was said: it is of several members, goes on after its end, or lies.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw error
    }
  }
  return gunzipApart(packed, { maxOutputLength: maxBytes, chunkSize: MAX_BYTES_AT_ONCE })
}

/** How long its last member says to be when it is decoded, which need not be true. */
function lengthSaid(packed: Buffer): number {
  return packed.length < LENGTH_BYTES ? 0 : packed.readUInt32LE(packed.length - LENGTH_BYTES)
}

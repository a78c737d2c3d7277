const LENGTH_BYTES = 4
/** The smallest size of a gzip member (RFC 1952 2.3). */
const MIN_ENTRY_BYTES = 18

/** The snapshot parts for an encoded entry: the length, then the entry itself. */
export function framed(entry: Buffer): [length: Buffer, entry: Buffer] {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(entry.length)
  return [length, entry]
}

/** Yields each entry's bytes. Stops after a truncated entry or an impossible length. */
export function* framesOf(bytes: Buffer): Generator<Buffer> {
  let at = 0
  while (at < bytes.length) {
    const from = at + LENGTH_BYTES
    const length = from <= bytes.length ? bytes.readUInt32LE(at) : 0
    yield bytes.subarray(from, from + length)
    at = length < MIN_ENTRY_BYTES ? bytes.length : from + length
  }
}

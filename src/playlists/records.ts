/** A few records laid end to end in one Buffer, each followed by the separator. */
export interface Chunk {
  readonly bytes: Buffer
  /** Where each record ends in `bytes`, its separator included. */
  readonly ends: Uint32Array
}

/** Lays records end to end. The Buffer is exactly as large as they need, so that it can be counted. */
export function chunkOf(records: readonly string[], separator: string): Chunk {
  const ends = new Uint32Array(records.length)
  let size = 0
  for (const [index, record] of records.entries()) {
    size += Buffer.byteLength(record) + separator.length
    ends[index] = size
  }
  const bytes = allocate(size)
  let at = 0
  for (const record of records) at += bytes.write(record + separator, at)
  return { bytes, ends }
}

/** The chunk without the records at these positions. */
export function without(chunk: Chunk, dropped: ReadonlySet<number>): Chunk {
  const kept = [...chunk.ends.keys()].filter(index => !dropped.has(index))
  const parts = kept.map(index => chunk.bytes.subarray(startOf(chunk, index), chunk.ends[index]))
  const ends = new Uint32Array(kept.length)
  let size = 0
  for (const [index, part] of parts.entries()) {
    size += part.length
    ends[index] = size
  }
  const bytes = allocate(size)
  let at = 0
  for (const part of parts) at += part.copy(bytes, at)
  return { bytes, ends }
}

/**
 * A list of serialised records, of which any window is cut out without copying, parsing or
 * serialising. Immutable. Kept in several Buffers, one a page, so that building and sending a long
 * list never handles it in one piece.
 */
export class Records {
  /** How many records there are. */
  readonly length: number
  /** Memory held, in bytes. */
  readonly heldBytes: number
  /** The records page by page, none empty. */
  readonly chunks: readonly Chunk[]

  constructor(chunks: readonly Chunk[]) {
    this.chunks = chunks.filter(chunk => chunk.ends.length > 0)
    this.length = this.chunks.reduce((sum, chunk) => sum + chunk.ends.length, 0)
    this.heldBytes = this.chunks.reduce((sum, { bytes, ends }) => {
      return sum + bytes.length + ends.byteLength + CHUNK_OVERHEAD_BYTES
    }, 0)
  }

  /** The records from `from` up to, not including, `to`, each with its separator. */
  window(from: number, to: number): Buffer[] {
    const buffers: Buffer[] = []
    let first = 0
    for (const chunk of this.chunks) {
      const start = Math.max(from - first, 0)
      const end = Math.min(to - first, chunk.ends.length)
      if (start === 0 && end === chunk.ends.length) buffers.push(chunk.bytes)
      else if (start < end) {
        buffers.push(chunk.bytes.subarray(startOf(chunk, start), chunk.ends[end - 1]))
      }
      first += chunk.ends.length
    }
    return buffers
  }

  /**
   * The same records with another separator of one byte in place of theirs, which was one byte long
   * too. What marks the ends is shared.
   */
  separatedBy(separator: string): Records {
    const byte = separator.charCodeAt(0)
    const chunks = this.chunks.map(({ bytes, ends }) => {
      const copy = ownBuffer(bytes)
      for (const end of ends) copy[end - 1] = byte
      return { bytes: copy, ends }
    })
    return new Records(chunks)
  }

  /** The text of every record, its separator left out, chunk by chunk. */
  *texts(separator: string): Generator<string[]> {
    for (const chunk of this.chunks) {
      yield Array.from(chunk.ends, (end, index) =>
        chunk.bytes.toString('utf8', startOf(chunk, index), end - separator.length),
      )
    }
  }
}

/** A Buffer of its own memory: one from the pool would keep its whole slab alive. */
function allocate(size: number): Buffer {
  return Buffer.allocUnsafeSlow(size)
}

/** A copy of texts and bytes one after the other, in memory of its own that can be counted. */
export function ownBuffer(...contents: readonly (string | Buffer)[]): Buffer {
  const bytes = allocate(contents.reduce((sum, content) => sum + Buffer.byteLength(content), 0))
  let at = 0
  for (const content of contents) {
    at += typeof content === 'string' ? bytes.write(content, at) : content.copy(bytes, at)
  }
  return bytes
}

/** Object headers and backing stores of a chunk's two arrays, as measured on 64-bit Node. */
const CHUNK_OVERHEAD_BYTES = 500

function startOf(chunk: Chunk, index: number): number {
  return index === 0 ? 0 : (chunk.ends[index - 1] as number)
}

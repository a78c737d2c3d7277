/** Serialised items in one Buffer, each followed by the separator. */
export interface Segment {
  readonly bytes: Buffer
  /** Where each item ends in `bytes`, including the separator. */
  readonly offsets: Uint32Array
}

/** Joins items in an exactly sized Buffer, so the cache can count it. */
export function segmentOf(items: readonly string[], separator: string): Segment {
  return joinedItems(items.map(item => item + separator))
}

/** Copies the segment without the items at these positions. */
export function without(segment: Segment, dropped: ReadonlySet<number>): Segment {
  const kept = [...segment.offsets.keys()].filter(index => !dropped.has(index))
  return joinedItems(
    kept.map(index => segment.bytes.subarray(startOf(segment, index), segment.offsets[index])),
  )
}

/** Makes a segment from items already followed by separators. */
function joinedItems(items: readonly (string | Buffer)[]): Segment {
  const offsets = new Uint32Array(items.length)
  let size = 0
  for (const [index, item] of items.entries()) {
    size += Buffer.byteLength(item)
    offsets[index] = size
  }
  return { bytes: ownBuffer(...items), offsets }
}

/**
 * An immutable list of serialised items. `window` cuts out a part without copying, parsing or serialising. Each
 * page in a long list has a separate Buffer, so building and sending the list never blocks the event loop.
 */
export class SerialisedItems {
  readonly length: number
  /** Memory held, in bytes. */
  readonly heldBytes: number
  /** The non-empty pages. The last item's separator might have been overwritten. */
  #segments: readonly Segment[]
  #whole: readonly Buffer[] | undefined
  /** A representation's body, the representation's key, and the body's head. */
  #body: Buffer | undefined
  #bodyKey: object | undefined
  #bodyHead: Buffer | undefined

  constructor(segments: readonly Segment[]) {
    this.#segments = segments.filter(segment => segment.offsets.length > 0)
    this.length = this.#segments.reduce((sum, segment) => sum + segment.offsets.length, 0)
    this.heldBytes = this.#segments.reduce((sum, { bytes, offsets }) => {
      return sum + bytes.length + offsets.byteLength + SEGMENT_OVERHEAD_BYTES
    }, 0)
  }

  /**
   * Returns the items from `from` (included) to `to` (excluded), each with a separator; the last separator
   * might have been overwritten.
   */
  window(from: number, to: number): Buffer[] {
    const buffers: Buffer[] = []
    let first = 0
    for (const segment of this.#segments) {
      const start = Math.max(from - first, 0)
      const end = Math.min(to - first, segment.offsets.length)
      if (start === 0 && end === segment.offsets.length) buffers.push(segment.bytes)
      else if (start < end) {
        buffers.push(segment.bytes.subarray(startOf(segment, start), segment.offsets[end - 1]))
      }
      first += segment.offsets.length
    }
    return buffers
  }

  /**
   * Like `window`, without the last separator (one byte). Cuts the whole list only once, since hits send it
   * most often.
   */
  joined(from: number, to: number): readonly Buffer[] {
    const isWhole = from === 0 && to === this.length
    if (isWhole && this.#whole !== undefined) return this.#whole
    const buffers = this.window(from, to)
    const last = buffers.pop()
    if (last !== undefined) buffers.push(last.subarray(0, -1))
    if (isWhole) this.#whole = buffers
    return buffers
  }

  /** The body made for this key by `joinBody`. */
  joinedBody(key: object): Buffer | undefined {
    return this.#bodyKey === key ? this.#body : undefined
  }

  /**
   * Puts all items between `head` and `end` into one Buffer, since that costs less to send than parts. The
   * items move there, so they are not in memory twice; this works only for the first head. Long lists stay in
   * parts, since moving them takes too long.
   */
  joinBody(key: object, head: Buffer, end: Buffer): void {
    // With an equal head, the key is for the same representation, evicted and made again.
    if (this.#bodyHead?.equals(head)) this.#bodyKey = key
    if (this.#body !== undefined) return
    const items = this.joined(0, this.length)
    if (items.reduce((sum, { length }) => sum + length, 0) > MAX_MOVED_BYTES) return
    const body = ownBuffer(head, ...items, end)
    let at = head.length
    this.#segments = this.#segments.map(({ bytes, offsets }) => {
      const moved = body.subarray(at, at + bytes.length)
      at += bytes.length
      return { bytes: moved, offsets }
    })
    this.#whole = undefined
    this.#body = body
    this.#bodyKey = key
    this.#bodyHead = head
  }

  /** Copies the items with another separator. Both separators are one byte, so the copy shares the offsets. */
  separatedBy(separator: string): SerialisedItems {
    const byte = separator.charCodeAt(0)
    const segments = this.#segments.map(({ bytes, offsets }) => {
      const copy = ownBuffer(bytes)
      for (const end of offsets) copy[end - 1] = byte
      return { bytes: copy, offsets }
    })
    return new SerialisedItems(segments)
  }

  /** Yields the item texts without separators, segment by segment. */
  *texts(separator: string): Generator<string[]> {
    for (const segment of this.#segments) {
      yield Array.from(segment.offsets, (end, index) =>
        segment.bytes.toString('utf8', startOf(segment, index), end - separator.length),
      )
    }
  }
}

/**
 * Concatenates strings and Buffers into a Buffer outside Node's pool: the cache can count it, and it does not
 * keep a whole pool slab in memory.
 */
export function ownBuffer(...contents: readonly (string | Buffer)[]): Buffer {
  const size = contents.reduce((sum, content) => sum + Buffer.byteLength(content), 0)
  const bytes = Buffer.allocUnsafeSlow(size)
  let at = 0
  for (const content of contents) {
    at += typeof content === 'string' ? bytes.write(content, at) : content.copy(bytes, at)
  }
  return bytes
}

/** The most bytes to move at once; this takes some 0.2 ms. */
const MAX_MOVED_BYTES = 512 * 1024

/** Overhead per segment: object headers and backing stores for both arrays, as measured on 64-bit Node. */
const SEGMENT_OVERHEAD_BYTES = 500

function startOf(segment: Segment, index: number): number {
  return index === 0 ? 0 : (segment.offsets[index - 1] as number)
}

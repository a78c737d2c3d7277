import { percentEncoded } from '../../lib/percent-encoding.ts'
import type { PlaylistList } from '../../playlists/playlist-list.ts'
import {
  bodyOf,
  type ListRepresentation,
  MAX_JOINED_BYTES,
} from '../../playlists/representation.ts'
import type { Variants } from '../../playlists/representations.ts'
import { ownBuffer, type SerialisedItems } from '../../playlists/serialised-items.ts'
import { contentType, type Format } from './formats.ts'
import { CSV_HEADER, CSV_SEPARATOR, csvLine, makeLines, textLine } from './line-formats.ts'
import { type Window, type WindowQuery, windowOf } from './window.ts'

/** A representation without the parts that depend on its key and coding. */
export type Body = Omit<
  ListRepresentation,
  'key' | 'coding' | 'etag' | 'validators' | 'contentFields' | 'codedKeys'
>

/** A format and window of a list, before content coding. */
export interface View {
  /** Names all that shapes body and fields, except the content of the list; `total` is the list's length. */
  key(total: number): string
  /** Makes the body. The signal cancels the work, unless other callers wait for the same lines. */
  body(
    list: PlaylistList,
    lines: Variants<SerialisedItems>,
    signal: AbortSignal,
  ): Body | Promise<Body>
}

/** A JSON object with the playlists of the window as its last member, `items`. */
export function jsonBody(list: PlaylistList, { from, to }: Window, members: object): Body {
  const head = ownBuffer(`${JSON.stringify(members).slice(0, -1)},"items":[`)
  const body = { parts: [head, JSON_END], items: { from, to } }
  const whole = bodyOf(body, list)
  const bytes = sum(whole, part => part.length)
  const common = { bytes, vary: 'Accept-Encoding', fields: ['content-type', contentType('json')] }
  // Joining the parts of a short body for each hit would take longer than the rest of the work for a hit.
  return bytes <= MAX_JOINED_BYTES
    ? { ...common, parts: [ownBuffer(...whole)], heldBytes: bytes + PART_OVERHEAD_BYTES }
    : { ...common, ...body, heldBytes: head.length + PART_OVERHEAD_BYTES }
}

const JSON_END = Buffer.from(']}')

export type LineFormat = Exclude<Format, 'json' | 'html'>
type MakeLines = (playlists: SerialisedItems, signal: AbortSignal) => Promise<SerialisedItems>

/** Makes the lines of each line format from the cached list. */
const LINES: Record<Exclude<LineFormat, 'excel'>, MakeLines> = {
  text: (playlists, signal) => makeLines(playlists, textLine, '\n', signal),
  csv: (playlists, signal) => makeLines(playlists, csvLine, CSV_SEPARATOR, signal),
  ndjson: async playlists => playlists.separatedBy('\n'),
}

/** The header row of a format. */
const HEADERS: Partial<Record<Format, Buffer>> = {
  csv: CSV_HEADER,
  excel: ownBuffer('\uFEFF', CSV_HEADER),
}

/** File name extensions of the formats that browsers save; a browser displays every other format. */
const EXTENSIONS: Partial<Record<Format, string>> = { csv: 'csv', excel: 'csv', ndjson: 'ndjson' }

/** Overhead of a Buffer that owns its memory, as measured on 64-bit Node. */
export const PART_OVERHEAD_BYTES = 250

/** A request for a list, in any format. */
export interface RequestedList {
  /** Canonical. */
  readonly userId: string
  /** The id as the caller sent it. */
  readonly pasted: string
  readonly query: WindowQuery
  /** The `Link` field of an empty list. */
  readonly link: string
}

/** The requested window of a list in a line format, cut out of the lines of the whole list. */
export function linesView(format: LineFormat, { userId, query, link }: RequestedList): View {
  return {
    key(total) {
      const { from, to } = windowOf(total, query)
      return `${format} ${from}-${to} ${userId}`
    },
    async body({ digest, playlists }, lines, signal) {
      const name = format === 'excel' ? 'csv' : format
      const key = `lines ${name} ${digest}`
      const make = (given: AbortSignal) => LINES[name](playlists, given)
      const all = lines.get(key) ?? (await lines.make(key, make, signal))
      const { from, to } = windowOf(playlists.length, query)
      const parts = all.window(from, to)
      const header = HEADERS[format]
      if (header !== undefined) parts.unshift(header)
      const fields = ['content-type', contentType(format)]
      const extension = EXTENSIONS[format]
      if (extension !== undefined) {
        fields.push('content-disposition', contentDisposition(userId, extension))
      }
      if (playlists.length === 0) fields.push('link', link)
      return {
        parts,
        bytes: sum(parts, part => part.length),
        // The parts keep the lines of the whole list alive, even after the cache has evicted the lines.
        heldBytes: sum(parts, part => part.buffer.byteLength + PART_OVERHEAD_BYTES),
        vary: 'Accept, Accept-Encoding',
        fields,
      }
    },
  }
}

/**
 * The `Content-Disposition` with which a browser or `curl -OJ` saves a list under the name of its user
 * (RFC 6266): an ASCII name and, if the id has other characters, the whole name encoded (RFC 8187).
 */
export function contentDisposition(userId: string, extension: string): string {
  const name = `${userId}-playlists.${extension}`
  const ascii = name.replace(/[^\w.-]/g, '_').replace(/^\./, '_')
  const plain = `attachment; filename="${ascii}"`
  return ascii === name ? plain : `${plain}; filename*=UTF-8''${percentEncoded(name)}`
}

function sum(parts: readonly Buffer[], count: (part: Buffer) => number): number {
  return parts.reduce((bytes, part) => bytes + count(part), 0)
}

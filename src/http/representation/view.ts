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

/** A representation without the parts that depend on the key and coding. */
export type Body = Omit<
  ListRepresentation,
  'key' | 'coding' | 'etag' | 'validators' | 'contentFields' | 'codedKeys'
>

/** A list format and window, before content coding. */
export interface View {
  /** Identifies everything that shapes body and fields, except the list content; `total` is the list length. */
  key(total: number): string
  /** Makes the body. The signal cancels the work, unless other callers are waiting for the same lines. */
  body(
    list: PlaylistList,
    lines: Variants<SerialisedItems>,
    signal: AbortSignal,
  ): Body | Promise<Body>
}

/** Makes a JSON object ending with `items`, the playlists in the window. */
export function jsonBody(list: PlaylistList, { from, to }: Window, members: object): Body {
  const head = ownBuffer(`${JSON.stringify(members).slice(0, -1)},"items":[`)
  const body = { parts: [head, JSON_END], items: { from, to } }
  const whole = bodyOf(body, list)
  const bytes = sum(whole, part => part.length)
  const common = { bytes, vary: 'Accept-Encoding', fields: ['content-type', contentType('json')] }
  // Joining the parts of a short body on every hit would take longer than all other work for a hit.
  return bytes <= MAX_JOINED_BYTES
    ? { ...common, parts: [ownBuffer(...whole)], heldBytes: bytes + PART_OVERHEAD_BYTES }
    : { ...common, ...body, heldBytes: head.length + PART_OVERHEAD_BYTES }
}

const JSON_END = Buffer.from(']}')

export type LineFormat = Exclude<Format, 'json' | 'html'>
type MakeLines = (playlists: SerialisedItems, signal: AbortSignal) => Promise<SerialisedItems>

/** Makes the lines for each format from the cached list. */
const LINES: Record<Exclude<LineFormat, 'excel'>, MakeLines> = {
  text: (playlists, signal) => makeLines(playlists, textLine, '\n', signal),
  csv: (playlists, signal) => makeLines(playlists, csvLine, CSV_SEPARATOR, signal),
  ndjson: async playlists => playlists.separatedBy('\n'),
}

/** Header rows by format. */
const HEADERS: Partial<Record<Format, Buffer>> = {
  csv: CSV_HEADER,
  excel: ownBuffer('\uFEFF', CSV_HEADER),
}

/** File name extensions for formats that browsers save; they display all other formats. */
const EXTENSIONS: Partial<Record<Format, string>> = { csv: 'csv', excel: 'csv', ndjson: 'ndjson' }

/** Overhead per Buffer with its own memory, as measured on 64-bit Node. */
export const PART_OVERHEAD_BYTES = 250

/** A request for a list, in any format. */
export interface RequestedList {
  /** Canonical. */
  readonly userId: string
  /** The id as sent by the caller. */
  readonly pasted: string
  readonly query: WindowQuery
  /** The `Link` field for an empty list. */
  readonly link: string
}

/** Returns the requested window in a line format, cut from the lines for the full list. */
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
        // The parts keep the lines for the full list alive, even after cache eviction.
        heldBytes: sum(parts, part => part.buffer.byteLength + PART_OVERHEAD_BYTES),
        vary: 'Accept, Accept-Encoding',
        fields,
      }
    },
  }
}

/**
 * Returns the `Content-Disposition` that makes a browser or `curl -OJ` save a list under the user's name (RFC
 * 6266): an ASCII name and, if the id has other characters, the full name encoded (RFC 8187).
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

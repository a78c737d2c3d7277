import type { PlaylistList } from '../../playlists/playlist-list.ts'
import { ownBuffer, type Records } from '../../playlists/records.ts'
import { bodyOf, type ListRepresentation } from '../../playlists/representation.ts'
import type { Variants } from '../../playlists/representations.ts'
import { downloadAs } from './download-name.ts'
import { contentType, type Format } from './formats.ts'
import { CSV_HEADER, CSV_SEPARATOR, csvLine, listing, textLine } from './line-formats.ts'
import { type Window, type WindowQuery, windowOf } from './window.ts'

/** What a view makes of a list: a representation but for what depends on its key and coding. */
export type Body = Omit<ListRepresentation, 'etag' | 'validators' | 'contentFields'>

/** What a caller is to see of a list, before it is coded. */
export interface View {
  /** Names all that shapes the body and its fields beside the content of a list of that length. */
  key(total: number): string
  /** The signal aborts the making of lines, unless others wait for them, too. */
  body(list: PlaylistList, lines: Variants<Records>, signal: AbortSignal): Body | Promise<Body>
}

/** A JSON object with the playlists of the window as its last member, `items`. */
export function jsonBody(list: PlaylistList, { from, to }: Window, members: object): Body {
  const head = ownBuffer(`${JSON.stringify(members).slice(0, -1)},"items":[`)
  const body = { parts: [head, JSON_END], items: { from, to } }
  return {
    ...body,
    bytes: sum(bodyOf(body, list), part => part.length),
    heldBytes: head.length,
    vary: 'Accept-Encoding',
    fields: ['content-type', contentType('json')],
  }
}

const JSON_END = Buffer.from(']}')

type LineFormat = Exclude<Format, 'json'>
type MakeLines = (playlists: Records, signal: AbortSignal) => Promise<Records>

/** How each format that is one line a playlist is made out of the cached list. */
const LINES: Record<Exclude<LineFormat, 'excel'>, MakeLines> = {
  text: (playlists, signal) => listing(playlists, textLine, '\n', signal),
  csv: (playlists, signal) => listing(playlists, csvLine, CSV_SEPARATOR, signal),
  ndjson: async playlists => playlists.separatedBy('\n'),
}

/** Stands before the first line of a format. */
const HEADERS: Partial<Record<Format, Buffer>> = {
  csv: CSV_HEADER,
  excel: ownBuffer('\uFEFF', CSV_HEADER),
}

/** How the name of a file in each format ends; what is not listed is shown, not saved. */
const EXTENSIONS: Partial<Record<Format, string>> = { csv: 'csv', excel: 'csv', ndjson: 'ndjson' }

/** A part of lines: a Buffer with memory of its own, as measured on 64-bit Node. */
const PART_OVERHEAD_BYTES = 250

/** What a caller asks for, whatever the format. */
export interface RequestedList {
  /** Canonical. */
  readonly userId: string
  /** The id as the caller sent it. */
  readonly pasted: string
  readonly query: WindowQuery
  /** The `Link` field of an empty list. */
  readonly link: string
}

/** The asked window of a list as lines, cut out of the lines of the whole list. */
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
      const ready = lines.get(key) ?? (await lines.make(key, make, signal))
      const { from, to } = windowOf(playlists.length, query)
      const parts = ready.window(from, to)
      const header = HEADERS[format]
      if (header !== undefined) parts.unshift(header)
      const fields = ['content-type', contentType(format)]
      const extension = EXTENSIONS[format]
      if (extension !== undefined) {
        fields.push('content-disposition', downloadAs(userId, extension))
      }
      if (playlists.length === 0) fields.push('link', link)
      return {
        parts,
        bytes: sum(parts, part => part.length),
        // All that the parts keep alive when the lines of the whole list are gone.
        heldBytes: sum(parts, part => part.buffer.byteLength + PART_OVERHEAD_BYTES),
        vary: 'Accept, Accept-Encoding',
        fields,
      }
    },
  }
}

function sum(parts: readonly Buffer[], count: (part: Buffer) => number): number {
  return parts.reduce((bytes, part) => bytes + count(part), 0)
}

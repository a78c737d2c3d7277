import type { StoredPlaylists } from '../../playlists/cached-playlists.ts'
import { JSON_SEPARATOR } from '../../playlists/playlist-list.ts'
import { ownBuffer, type Records } from '../../playlists/records.ts'
import { downloadAs } from './download-name.ts'
import { contentType, type Format } from './formats.ts'
import { CSV_HEADER, CSV_SEPARATOR, csvLine, listing, textLine } from './line-formats.ts'
import type { Window } from './window.ts'

/** A body in parts, and how many of their bytes are held by nothing else. */
export interface Body {
  readonly parts: readonly Buffer[]
  readonly ownBytes: number
}

/** What a caller is to see of a stored list, before it is coded. */
export interface View {
  /** Names all that shapes the bytes beside the content of the list. */
  readonly key: string
  readonly contentType: string
  /** The request fields that this choice depends on (RFC 9110 12.5.5). */
  readonly vary: string
  readonly window: Window
  /** The `Content-Disposition` of what a browser saves instead of showing it. */
  readonly disposition?: () => string
  /** The `Link` field (RFC 8288), where there is something to link to. */
  readonly link?: string
  /** The body. The options are for making and keeping the format that it is cut out of. */
  readonly body: (stored: StoredPlaylists, options: BodyOptions) => Body | Promise<Body>
}

export interface BodyOptions {
  /** Counts the stored list anew and says whether it may have grown. */
  recount(): boolean
  /** The signal that is aborted when the caller leaves; asked for only when the caller waits. */
  left(): AbortSignal
}

/**
 * A JSON object with the playlists of the window as its last member, `items`, cut out of the
 * stored bytes.
 */
export function jsonBody(playlists: Records, { from, to }: Window, members: object): Body {
  const items = playlists.window(from, to)
  const last = items.pop()
  if (last !== undefined) items.push(last.subarray(0, -JSON_SEPARATOR.length))
  const head = ownBuffer(`${JSON.stringify(members).slice(0, -1)},"items":[`)
  return { parts: [head, ...items, JSON_END], ownBytes: head.length }
}

const JSON_END = Buffer.from(']}')

type LineFormat = Exclude<Format, 'json'>
type MakeLines = (playlists: Records, signal: AbortSignal) => Promise<Records>

/** How each format that is one line a playlist is made out of the stored list. */
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

/** The window as lines, in a format that is made on first use and then kept. */
export function linesView(format: LineFormat, window: Window, userId: string): View {
  const { from, to } = window
  const extension = EXTENSIONS[format]
  return {
    ...(extension === undefined ? {} : { disposition: () => downloadAs(userId, extension) }),
    key: `${format} ${from}-${to}`,
    contentType: contentType(format),
    vary: 'Accept, Accept-Encoding',
    window,
    body({ list, formats }, options) {
      const name = format === 'excel' ? 'csv' : format
      const lines =
        formats.get(name, options) ??
        formats.make(name, signal => LINES[name](list.playlists, signal), {
          left: options.left(),
          mayKeep: () => options.recount(),
        })
      const header = HEADERS[format]
      const cut = (ready: Records) => {
        const parts = ready.window(from, to)
        return { parts: header === undefined ? parts : [header, ...parts], ownBytes: 0 }
      }
      return lines instanceof Promise ? lines.then(cut) : cut(lines)
    },
  }
}

import { setImmediate as nextTurn } from 'node:timers/promises'
import Negotiator from 'negotiator'
import { JSON_SEPARATOR, type PlaylistList } from '../playlist-list.ts'
import { Problem } from '../problems.ts'
import { chunkOf, Records } from '../records.ts'
import type { StoredPlaylists } from '../stored-playlists.ts'
import type { Paging, Window } from './window.ts'

/** The formats by the name that `?format=` takes, the default first. */
export const FORMATS = ['json', 'text'] as const

export type Format = (typeof FORMATS)[number]

const MEDIA_TYPES: Record<Format, string> = { json: 'application/json', text: 'text/plain' }

/** The value of `Content-Type` for a format. */
export function contentType(format: Format): string {
  return `${MEDIA_TYPES[format]}; charset=utf-8`
}

/** Each type without and with the parameter that it is sent with, since callers ask for both. */
const OFFERS = FORMATS.flatMap(format => [MEDIA_TYPES[format], contentType(format)])

/**
 * The format to answer in: the one named in the query, else the best one of the `Accept` field
 * (RFC 9110 12.5.1), else JSON.
 *
 * @throws {Problem} `not-acceptable` when the field excludes them all.
 */
export function negotiate(named: Format | undefined, accept: string | undefined): Format {
  if (named !== undefined) return named
  const headers = { accept: accept?.toLowerCase() }
  const best = new Negotiator({ headers }).mediaType(OFFERS)
  const format = FORMATS.find(name => best === MEDIA_TYPES[name] || best === contentType(name))
  if (format === undefined) {
    const offered = Object.values(MEDIA_TYPES).join(', ')
    throw new Problem('not-acceptable', `Header "Accept": this resource comes as ${offered}.`)
  }
  return format
}

/** Spotify's paging object with the items of the window, and our own member `complete`. */
export function jsonBody(list: PlaylistList, window: Window, paging: Paging): Buffer[] {
  const items = list.playlists.window(window.from, window.to)
  const last = items.pop()
  if (last !== undefined) items.push(last.subarray(0, -JSON_SEPARATOR.length))
  const head = JSON.stringify({ ...paging, complete: list.complete })
  return [Buffer.from(`${head.slice(0, -1)},"items":[`), ...items, Buffer.from(']}')]
}

/**
 * The listing of the tutorial this service grew from: one line each, `"%4d %s %s"` of the 1-based
 * position in the whole list, uri and name. Made from `stored` on first use, and kept there when
 * `mayGrow` allows.
 */
export async function textBody(
  stored: StoredPlaylists,
  window: Window,
  mayGrow: () => boolean,
): Promise<Buffer[]> {
  const lines = await stored.format('text', textLines, mayGrow)
  return lines.window(window.from, window.to)
}

async function textLines({ playlists }: PlaylistList): Promise<Records> {
  const chunks = []
  let position = 0
  for (const texts of playlists.texts(JSON_SEPARATOR)) {
    const lines = texts.map(text => textLine(++position, JSON.parse(text)))
    chunks.push(chunkOf(lines, '\n'))
    // A long list must not hold up other answers.
    await nextTurn()
  }
  return new Records(chunks)
}

function textLine(position: number, playlist: { uri?: unknown; name?: unknown }): string {
  return `${String(position).padStart(4)} ${printable(playlist.uri)} ${printable(playlist.name)}`
}

/** Control characters and line separators would break the line or drive the reader's terminal. */
function printable(value: unknown): string {
  return typeof value === 'string' ? value.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ') : ''
}

import { stringify } from 'csv-stringify/sync'
import { member } from '../../lib/member.ts'
import { OneTaskPerTick } from '../../lib/one-task-per-tick.ts'
import { JSON_SEPARATOR } from '../../playlists/playlist-list.ts'
import { ownBuffer, SerialisedItems, segmentOf } from '../../playlists/serialised-items.ts'

/** A simplified playlist as sent by Spotify: any member can be absent, null or of another type. */
type Playlist = Record<string, unknown>

/** Makes the line for a playlist at a 1-based position in the full list. */
export type LineMaker = (position: number, playlist: Playlist) => string

/** All listings share these ticks, so many at once block the event loop no longer than a single listing. */
const ticks = new OneTaskPerTick()

/**
 * Makes one line per playlist, one page per event loop tick.
 *
 * @throws the signal's reason, before the next page, once the signal aborts.
 */
export async function makeLines(
  playlists: SerialisedItems,
  line: LineMaker,
  separator: string,
  signal: AbortSignal,
): Promise<SerialisedItems> {
  const segments = []
  let position = 0
  for (const texts of playlists.texts(JSON_SEPARATOR)) {
    await ticks.next()
    signal.throwIfAborted()
    const lines = texts.map(text => line(++position, JSON.parse(text)))
    segments.push(segmentOf(lines, separator))
  }
  return new SerialisedItems(segments)
}

/**
 * Makes a text format line: `"%4d %s %s"` with position, uri and name. Control characters and line separators
 * become spaces, since they would break the line or control the terminal, as do bidirectional controls, which
 * would reorder the rest of the line (https://www.unicode.org/reports/tr9/).
 */
export const textLine: LineMaker = (position, { uri, name }) =>
  `${String(position).padStart(4)} ${printable(uri)} ${printable(name)}`

function printable(value: unknown): string {
  return typeof value === 'string'
    ? value.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, ' ')
    : ''
}

/** CSV columns, each with a getter for the value. */
const COLUMNS: Record<string, (playlist: Playlist) => string> = {
  id: ({ id }) => text(id),
  name: ({ name }) => text(name),
  owner_id: ({ owner }) => text(member(owner, 'id')),
  owner_name: ({ owner }) => text(member(owner, 'display_name')),
  public: playlist => text(playlist.public),
  collaborative: ({ collaborative }) => text(collaborative),
  // Before 2026, `items` was called `tracks`; either can be absent.
  items_total: ({ items, tracks }) => text(member(items, 'total') ?? member(tracks, 'total')),
  snapshot_id: ({ snapshot_id: snapshotId }) => text(snapshotId),
  url: ({ external_urls: urls }) => text(member(urls, 'spotify')),
  uri: ({ uri }) => text(uri),
  image_url: ({ images }) => text(member(member(images, 0), 'url')),
  description: ({ description }) => text(description),
}

/**
 * Text that a spreadsheet might run as a formula: it begins with one of these characters or a full-width form,
 * perhaps after blanks and invisible characters, which spreadsheets drop.
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA =
  /^(?:[\t\r]|[\s\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]*[=+\-@\uff1d\uff0b\uff0d\uff20])/u

/** Ends every record, including the last (RFC 4180). */
export const CSV_SEPARATOR = '\r\n'

/** Makes a CSV record (RFC 4180). */
export const csvLine: LineMaker = (position, playlist) =>
  csvRecord([String(position), ...Object.values(COLUMNS).map(column => column(playlist))])

/** The CSV header row with the line end. */
export const CSV_HEADER = ownBuffer(
  csvRecord(['position', ...Object.keys(COLUMNS)]) + CSV_SEPARATOR,
)

function csvRecord(fields: readonly string[]): string {
  return stringify([fields.map(inert)], { eof: false })
}

/** Makes a field safe for spreadsheets: puts a `'` before a formula, and removes NULs. */
function inert(field: string): string {
  const text = field.replaceAll('\0', '')
  return FORMULA.test(text) ? `'${text}` : text
}

/** Returns a string, number or boolean as text; an empty string for any other value. */
function text(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

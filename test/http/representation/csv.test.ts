import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import type { PlaylistJson } from '../../../sandbox/playlist.ts'
import { CSV_HEADER, csvLine } from '../../../src/http/representation/line-formats.ts'
import { startService } from '../../support/service.ts'

const COLUMNS =
  'position,id,name,owner_id,owner_name,public,collaborative,items_total,snapshot_id,url,uri,image_url,description'

/** A spreadsheet formula, in ASCII or full width, perhaps after blanks. */
const FORMULA = /^(?:[\t\r]|[\s\p{Cc}\u200b\u202e]*[=+\-@\uff1d\uff0b\uff0d\uff20])/u
const harmless = (text: string) => (FORMULA.test(text) ? `'${text}` : text).replaceAll('\0', '')

const rowsIn = (csv: string): Record<string, string>[] =>
  parse(csv, { columns: true, record_delimiter: '\r\n', relax_quotes: false })

t.test('CSV has a header row and one record per playlist', async t => {
  const { get, sandbox } = await startService(t)
  const response = await get('/users/smedjan/playlists', { accept: 'text/csv' })
  t.equal(response.headers['content-type'], 'text/csv; charset=utf-8')
  t.ok(response.body.startsWith(`${COLUMNS}\r\n1,`))
  t.ok(response.body.endsWith('\r\n'))
  const rows = rowsIn(response.body)
  const playlists = sandbox.user('smedjan') as PlaylistJson[]
  t.equal(rows.length, 120)
  for (const [index, row] of rows.entries()) {
    const { owner, ...playlist } = playlists[index] as PlaylistJson
    t.same(row, {
      position: String(index + 1),
      id: playlist.id,
      name: harmless(playlist.name),
      owner_id: owner.id,
      owner_name: owner.display_name ?? '',
      public: String(playlist.public ?? ''),
      collaborative: String(playlist.collaborative),
      items_total: String(playlist.items?.total ?? playlist.tracks?.total ?? ''),
      snapshot_id: harmless(playlist.snapshot_id),
      url: playlist.external_urls.spotify,
      uri: playlist.uri,
      image_url: playlist.images?.[0]?.url ?? '',
      description: harmless(playlist.description ?? ''),
    })
  }
})

t.test('a window has the header row, and positions count from the start of the list', async t => {
  const { get } = await startService(t)
  const { body } = await get('/users/smedjan/playlists?format=csv&offset=118&limit=1')
  t.same(
    rowsIn(body).map(({ position }) => position),
    ['119'],
  )
  const none = await get('/users/empty/playlists?format=csv')
  t.equal(none.body, `${COLUMNS}\r\n`)
})

t.test('a missing member, or one of another type, is an empty field', async t => {
  const odd = [
    {},
    { owner: null, images: [], items: null, tracks: null, external_urls: 'x', name: null },
    { owner: { id: 7 }, images: [null], items: { total: null }, tracks: { total: 3 }, name: {} },
    { public: null, collaborative: true, items: { total: 0 }, tracks: { total: 9 } },
  ]
  const lines = odd.map((playlist, index) => csvLine(index + 1, playlist))
  t.same(lines, ['1,,,,,,,,,,,,', '2,,,,,,,,,,,,', '3,,,7,,,,3,,,,,', '4,,,,,,true,0,,,,,'])
})

t.test('a CSV parser reads every text back, with formulas made harmless', async t => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('"', 'a "q", b', 'a\r\nb', '\n', ',', "'", '=1+1', '-2', '@x', '\tx', '\rx'),
    fc.constantFrom('\n=1+1', '\0=1+1', 'a\0b', ' =1', '\u00a0\u3000+1', '\u200b-1', '\x1b@x'),
    fc.constantFrom('＝1', '🎵', 'مرحبا', '\u202eabc', ' lead', ';', '+CMD|x', ''),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), pairs => {
      const lines = pairs.map(([name, description], index) =>
        csvLine(index + 1, { name, description }),
      )
      const csv = [CSV_HEADER.toString(), ...lines.map(line => `${line}\r\n`)].join('')
      const rows = rowsIn(csv)
      return (
        rows.length === pairs.length &&
        pairs.every(([name, description], index) => {
          const row = rows[index]
          return row?.name === harmless(name) && row.description === harmless(description)
        })
      )
    }),
    { numRuns: 1000 },
  )
  t.pass('for every text')
})

t.test('a formula after blanks or invisible characters is made harmless', async t => {
  const first = (name: string) => rowsIn(`${CSV_HEADER}${csvLine(1, { name })}\r\n`)[0]?.name
  for (const before of [
    '\n',
    '\0',
    ' ',
    '\u00a0',
    '\u3000',
    '\v',
    '\u200b',
    '\ufeff',
    '\u00ad',
    '\u2060',
  ]) {
    for (const formula of ['=1+1', '+1', '-1', '@SUM(A1)', '\uff1d1']) {
      t.match(first(before + formula), /^'/, JSON.stringify(before + formula))
    }
    t.notMatch(first(`${before}plain = text`), /^'/)
  }
  t.equal(first('a\0=\0b'), 'a=b', 'NULs are removed')
})

import fc from 'fast-check'
import t from 'tap'
import { contentDisposition } from '../../../src/http/representation/view.ts'
import { startService } from '../../support/service.ts'

t.test('the CSV and NDJSON file name contains the user id', async t => {
  const { get } = await startService(t)
  const disposition = async (format: string, user = 'smedjan') =>
    (await get(`/users/${user}/playlists?format=${format}`)).headers['content-disposition']
  for (const [format, extension] of [
    ['csv', 'csv'],
    ['excel', 'csv'],
    ['ndjson', 'ndjson'],
  ] as const) {
    t.equal(await disposition(format), `attachment; filename="smedjan-playlists.${extension}"`)
  }
  for (const format of ['json', 'text']) t.equal(await disposition(format), undefined)
  t.equal(
    await disposition('csv', '%23mimble!'),
    `attachment; filename="_mimble_-playlists.csv"; filename*=UTF-8''%23mimble%21-playlists%2Ecsv`,
  )
})

t.test('the file name has an ASCII form, and an encoded form for other characters', async t => {
  t.equal(
    contentDisposition("o'neil (ö)*", 'csv'),
    `attachment; filename="o_neil_____-playlists.csv"; filename*=UTF-8''o%27neil%20%28%C3%B6%29%2A-playlists%2Ecsv`,
  )
  t.equal(contentDisposition('.hidden', 'csv').split(';')[1], ' filename="_hidden-playlists.csv"')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), userId => {
      const [, plain, , whole] =
        /^attachment; filename="([\w.-]+)"(; filename\*=UTF-8''([\w%.~!#$&+^`|-]+))?$/.exec(
          contentDisposition(userId, 'csv'),
        ) ?? []
      return plain !== undefined && decodeURIComponent(whole ?? plain) === `${userId}-playlists.csv`
    }),
  )
  t.pass('for every id')
})

t.test('CSV for Excel begins with a byte order mark and is otherwise the same', async t => {
  const { get } = await startService(t)
  const plain = await get('/users/smedjan/playlists?format=csv&limit=3')
  const marked = await get('/users/smedjan/playlists?format=excel&limit=3')
  t.equal(marked.headers['content-type'], 'text/csv; charset=utf-8')
  t.equal(marked.body, `\uFEFF${plain.body}`)
  t.not(marked.headers.etag, plain.headers.etag)
})

import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import t, { type Test } from 'tap'
import { playlist } from '../../../sandbox/playlist.ts'
import type { Entries } from '../../../sandbox/users.ts'
import { FORMATS } from '../../../src/http/representation/formats.ts'
import { type Service, seconds, startService } from '../../support/service.ts'

const decoders = { gzip: promisify(gunzip), br: promisify(brotliDecompress) }
const PATH = '/users/smedjan/playlists'

const tagOf = async ({ get }: Service, url = PATH, headers: Record<string, string> = {}) =>
  String((await get(url, headers)).headers.etag)

t.test('every format is available compressed, with the same content', async t => {
  const { get, sandbox } = await startService(t)
  for (const format of FORMATS) {
    const url = `${PATH}?format=${format}`
    const plain = await get(url)
    t.equal(plain.headers['content-encoding'], undefined)
    for (const coding of ['gzip', 'br'] as const) {
      const coded = await get(url, { 'accept-encoding': coding })
      // The text is too short for brotli.
      if (format === 'text' && coding === 'br') continue
      t.equal(coded.headers['content-encoding'], coding, format)
      t.equal(coded.headers['content-length'], String(coded.rawPayload.length))
      t.ok(coded.rawPayload.length < plain.rawPayload.length / 2)
      t.same(await decoders[coding](coded.rawPayload), plain.rawPayload)
      t.equal(coded.headers['content-type'], plain.headers['content-type'])
      t.equal(coded.headers['last-modified'], plain.headers['last-modified'])
    }
  }
  t.equal(sandbox.count('api'), 3)
})

t.test('a short response stays uncompressed, unless Accept-Encoding excludes that', async t => {
  const { get } = await startService(t)
  const gzip = await get('/users/empty/playlists', { 'accept-encoding': 'gzip' })
  t.equal(gzip.headers['content-encoding'], undefined)
  t.equal(gzip.headers.etag, (await get('/users/empty/playlists')).headers.etag)
  const forced = { 'accept-encoding': 'gzip, identity;q=0' }
  t.equal((await get('/users/empty/playlists', forced)).headers['content-encoding'], 'gzip')
  const none = await get('/users/empty/playlists', { 'accept-encoding': 'identity;q=0' })
  t.match(none.json(), { type: '/problems/not-acceptable', status: 406, detail: /gzip/ })
})

t.test('each representation has a separate entity tag', async t => {
  const service = await startService(t)
  const tags = new Set<string>()
  const shapes = [
    [PATH],
    [PATH, { host: 'other.example' }],
    [PATH, { 'accept-encoding': 'gzip' }],
    [PATH, { 'accept-encoding': 'br' }],
    [`${PATH}?limit=50`],
    [`${PATH}?limit=50&offset=50`],
    [`${PATH}?offset=0`],
    [`/v1${PATH}?limit=50`],
    [`/v1${PATH}`],
    ...['text', 'csv', 'ndjson'].map(format => [`${PATH}?format=${format}`] as const),
    [`${PATH}?format=csv&limit=50`],
    [`${PATH}?format=csv`, { 'accept-encoding': 'gzip' }],
    ['/users/fiftyone/playlists?format=text'],
  ] as const
  for (const [url, headers] of shapes) {
    const tag = await tagOf(service, url, headers)
    t.match(tag, /^"[\w-]{27}"$/)
    t.equal(await tagOf(service, url, headers), tag)
    tags.add(tag)
  }
  t.equal(tags.size, shapes.length)
  t.equal(
    await tagOf(service, `${PATH}?format=csv&limit=120`),
    await tagOf(service, `${PATH}?format=csv`),
    'equal bytes have equal tags',
  )
})

t.test('entity tags are the same on every replica', async t => {
  const [one, other] = [await startService(t), await startService(t)]
  for (const url of [PATH, `${PATH}?format=csv`, `/v1${PATH}`]) {
    for (const headers of [{}, { 'accept-encoding': 'gzip' }]) {
      t.equal(await tagOf(one, url, headers), await tagOf(other, url, headers))
    }
  }
})

t.test(
  'a revalidation without changes keeps the entity tag, the date and the representations',
  async t => {
    const service = await startService(t)
    const { get, clock, sandbox, quiet } = service
    const gzip = { 'accept-encoding': 'gzip' }
    const first = await get(PATH, gzip)
    t.equal(first.headers['last-modified'], new Date(clock.now()).toUTCString())
    await clock.advance(seconds(300))
    await get(PATH)
    await quiet()
    const second = await get(PATH, gzip)
    t.match(second.headers, { age: '0', etag: first.headers.etag })
    t.equal(second.headers['last-modified'], first.headers['last-modified'])
    t.same(second.rawPayload, first.rawPayload)

    const entries = sandbox.user('smedjan') ?? []
    sandbox.setUser('smedjan', [...entries].reverse())
    await clock.advance(seconds(300))
    await get(PATH)
    await quiet()
    const third = await get(PATH, gzip)
    t.not(third.headers.etag, first.headers.etag)
    t.equal(third.headers['last-modified'], new Date(clock.now()).toUTCString())
    t.same(
      JSON.parse((await decoders.gzip(third.rawPayload)).toString()).items,
      entries.toReversed(),
    )
  },
)

/** The tags for a user's list before and after it changes. */
async function tagsOf(t: Test, before: Entries, after: Entries): Promise<string[]> {
  const service = await startService(t)
  const tags: string[] = []
  for (const entries of [before, after]) {
    service.sandbox.setUser('a', entries)
    await service.clock.advance(seconds(300))
    tags.push(
      await tagOf(service, '/users/a/playlists?format=ndjson', { 'cache-control': 'max-age=0' }),
    )
  }
  return tags
}

t.test('adding or removing a null entry does not change the entity tag', async t => {
  const entries = Array.from({ length: 120 }, (_, index) => playlist('a', index))
  const nulls = [null, ...entries.slice(0, 60), null, ...entries.slice(60)]
  const [before, after] = await tagsOf(t, entries, nulls)
  t.equal(before, after)
})

t.test('complete and incomplete lists have different entity tags', async t => {
  const one = playlist('a', 1)
  const [before, after] = await tagsOf(t, [one], [one, one])
  t.not(before, after)
})

t.test('the representations of two equal lists name the right user', async t => {
  const { get, sandbox } = await startService(t)
  const entries = [playlist('a', 1), playlist('a', 2)]
  for (const user of ['a', 'b']) sandbox.setUser(user, entries)
  for (const user of ['a', 'b', 'a', 'b']) {
    const url = `/users/${user}/playlists`
    for (const path of [url, `/v1${url}`]) {
      t.match((await get(path)).json(), { href: new RegExp(`${path}(\\?|$)`) })
    }
    const { headers } = await get(`${url}?format=csv`)
    t.match(headers['content-disposition'], `"${user}-playlists.csv"`)
  }
})

t.test('a conditional request for an unchanged representation gets 304', async t => {
  const { app, get, clock } = await startService(t)
  for (const format of FORMATS) {
    const url = `${PATH}?format=${format}`
    const whole = await get(url)
    const { etag, vary, 'cache-control': control, 'last-modified': date } = whole.headers
    await clock.advance(seconds(1))
    for (const headers of [
      { 'if-none-match': `"x", W/${etag}` },
      { 'if-none-match': '*' },
      // A page can change even if the list does not, so it has no date.
      ...(format === 'html' ? [] : [{ 'if-modified-since': String(date) }]),
    ]) {
      for (const method of ['GET', 'HEAD'] as const) {
        const response = await app.inject({ method, url, headers })
        t.equal(response.statusCode, 304)
        t.equal(response.body, '')
        t.match(response.headers, { etag, vary, 'cache-control': control, age: /\d/ })
        t.match(response.headers, { 'cache-status': /hit/, 'x-request-id': /./ })
        t.notOk('content-length' in response.headers || 'content-type' in response.headers)
      }
    }
    t.equal((await get(url, { 'if-none-match': '"x"' })).statusCode, 200)
    t.equal(
      (await get(url, { 'if-none-match': '"x"', 'if-modified-since': String(date) })).statusCode,
      200,
    )
  }
})

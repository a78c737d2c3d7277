import t from 'tap'
import { playlist } from '../../../sandbox/playlist.ts'
import { seconds, startService } from '../../support/service.ts'

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'
const html = { accept: BROWSER }
const LIST = '/users/smedjan/playlists'

/** The number of playlists on a page. */
const entries = (body: string) => body.split('<div class="cover">').length - 1

t.test('a browser gets a page with 50 playlists, all other clients get JSON', async t => {
  const { get } = await startService(t)
  const page = await get(LIST, html)
  t.equal(page.statusCode, 200)
  t.match(page.headers, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none'; style-src 'self'; img-src http: https: data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'referrer-policy': 'no-referrer',
    vary: 'Accept, Accept-Encoding',
    'cache-control': /^public, max-age=300/,
  })
  t.notMatch(page.headers, { 'last-modified': String })
  t.equal(entries(page.body), 50)
  t.match(page.body, '1 to 50 of 120 public playlists')
  for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json' }]) {
    t.equal((await get(LIST, headers)).json().items.length, 120)
  }
  const named = await get(`${LIST}?format=html`)
  t.equal(entries(named.body), 50)
  t.match(named.body, 'format&#61;html"', 'its links name the format')
})

t.test('the links between list pages lead through the whole list', async t => {
  const { get } = await startService(t)
  const counts = []
  for (let path: string | undefined = LIST; path !== undefined; ) {
    const { body } = await get(path, html)
    counts.push(entries(body))
    path = /rel="next" href="([^"]+)"/
      .exec(body)?.[1]
      ?.replaceAll('&#38;', '&')
      .replaceAll('&#61;', '=')
  }
  t.same(counts, [50, 50, 20])
  t.equal(entries((await get(`${LIST}?limit=120`, html)).body), 120, 'a longer page is possible')
  t.match((await get(`${LIST}?offset=120`, html)).body, 'no playlists from number 121 on')
})

t.test('the list page comes from the cache, compressed, with a strong entity tag', async t => {
  const { get, sandbox } = await startService(t)
  const plain = await get(LIST, html)
  const tags = new Set([plain.headers.etag])
  for (const coding of ['br', 'gzip']) {
    const { headers } = await get(LIST, { ...html, 'accept-encoding': coding })
    t.equal(headers['content-encoding'], coding)
    tags.add(headers.etag)
  }
  for (const query of ['?format=html', '?limit=10', '?offset=1', '?format=json', '?format=text']) {
    tags.add((await get(LIST + query, html)).headers.etag)
  }
  t.equal(tags.size, 8, 'each representation has its own')
  t.equal((await get(`${LIST}?limit=50&offset=0`, html)).headers.etag, plain.headers.etag)
  const known = { ...html, 'if-none-match': String(plain.headers.etag) }
  t.equal((await get(LIST, known)).statusCode, 304)
  t.equal(sandbox.count('api'), 3)
})

t.test('a page says when the list was read, so a revalidation changes the page', async t => {
  const { get, clock, quiet } = await startService(t)
  const first = await get(LIST, html)
  t.match(first.body, '23 Nov 2026, 00:00 UTC')
  const date = String((await get(LIST)).headers['last-modified'])
  await clock.advance(seconds(301))
  const stale = await get(LIST, html)
  t.match(stale.body, 'This list is out of date.')
  t.match(stale.body, '23 Nov 2026, 00:00 UTC')
  await quiet()
  const since = { 'if-none-match': String(first.headers.etag) }
  const fresh = await get(LIST, { ...html, ...since })
  t.equal(fresh.statusCode, 200)
  t.match(fresh.body, '23 Nov 2026, 00:05 UTC')
  t.notMatch(fresh.body, 'out of date')
  t.equal((await get(LIST, { ...html, 'if-modified-since': date })).statusCode, 200)
  t.equal((await get(LIST, { 'if-modified-since': date })).statusCode, 304, 'unlike the JSON')
})

t.test('the page for a stale list includes the revalidation failure', async t => {
  const { get, clock, sandbox } = await startService(t)
  await get(LIST, html)
  await clock.advance(seconds(10_000))
  sandbox.fault({ on: 'api', answer: 'rate-limited' })
  const { body, statusCode } = await get(LIST, html)
  t.equal(statusCode, 200)
  t.match(body, 'Spotify limits the request rate of this app.')
})

t.test('the page for an empty list explains how to find a user id', async t => {
  const { get } = await startService(t)
  const page = await get('/users/empty/playlists', html)
  t.match(page.headers.link, /rel="help"/)
  t.match(page.body, 'no public playlists, or there is no such user')
  t.notMatch(page.body, 'To find a user id', 'the hint of the form says it')
  t.match(page.body, 'name="user"')
  const pasted = await get('/users/spotify%3Auser%3Aempty/playlists', html)
  t.equal(pasted.headers.etag, page.headers.etag)
})

t.test('the list page shows hostile names and owners as text', async t => {
  const { get, sandbox } = await startService(t)
  const hostile = '</title><script>alert(1)</script>'
  const entry = playlist('odd', 0)
  const owner = { ...entry.owner, display_name: hostile }
  sandbox.setUser('odd', [{ ...entry, name: hostile, description: hostile, owner }])
  const { body } = await get('/users/odd/playlists', html)
  t.notMatch(body, '<script')
  t.match(body, '&#60;/title&#62;&#60;script&#62;')
  t.equal((await get('/users/%3Cscript%3E/playlists', html)).body.includes('<script>'), false)
})

t.test('with PUBLIC_URL, links begin with its path and the page has a canonical URL', async t => {
  const { get } = await startService(t, { PUBLIC_URL: 'https://lists.example/base/' })
  const { body, headers } = await get(LIST, html)
  t.match(body, 'rel="next" href="/base/users/smedjan/playlists?')
  t.match(body, '<link rel="canonical" href="https://lists.example/base/users/smedjan/playlists">')
  const plain = await startService(t)
  t.not((await plain.get(LIST, html)).headers.etag, headers.etag)
})

t.test('a page has at most 200 playlists and a link to the next page', async t => {
  const { get } = await startService(t)
  const LONG = '/users/hoarder/playlists'
  const { body, headers } = await get(`${LONG}?limit=10000&format=html`)
  t.equal(entries(body), 200)
  t.match(body, '1 to 200 of 10,000 public playlists')
  t.match(body, 'rel="next" href="/users/hoarder/playlists?limit&#61;200&#38;offset&#61;200&#38;')
  const bounded = await get(`${LONG}?limit=200&format=html`)
  t.equal(bounded.headers.etag, headers.etag)
  t.equal((await get(`${LONG}?limit=10000`)).json().items.length, 10_000, 'unlike the JSON')
})

t.test('all pages beyond the end of a list are the same, and link to the first page', async t => {
  const { get } = await startService(t)
  const [past, far] = [
    await get(`${LIST}?offset=120&format=html`),
    await get(`${LIST}?offset=999&format=html`),
  ]
  t.equal(past.headers.etag, far.headers.etag)
  t.match(past.body, 'limit&#61;50&#38;offset&#61;0&#38;format&#61;html">Show the first ones')
})

t.test('the service makes a long page in one tick for each Spotify page', async t => {
  const { get } = await startService(t)
  await get('/users/hoarder/playlists?limit=1')
  let ticks = 0
  const count = () => {
    ticks++
    timer = setImmediate(count)
  }
  let timer = setImmediate(count)
  t.teardown(() => clearImmediate(timer))
  const ticksFor = async (limit: number) => {
    const before = ticks
    const { body } = await get(`/users/hoarder/playlists?limit=${limit}`, html)
    t.equal(entries(body), limit)
    return ticks - before
  }
  t.equal((await ticksFor(200)) - (await ticksFor(50)), 3, 'other work runs in between')
})

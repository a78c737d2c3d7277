import fc from 'fast-check'
import t from 'tap'
import { seconds, startService } from '../../support/service.ts'

const HERE = 'http://localhost:80/v1'

t.test("every page equals Spotify's, but links to this service", async t => {
  const { get, sandbox } = await startService(t)
  const there = async (path: string) => {
    const authorization = `Bearer ${sandbox.issuedTokens.at(-1)}`
    const response = await fetch(sandbox.apiUrl + path, { headers: { authorization } })
    return JSON.parse((await response.text()).replaceAll(sandbox.apiUrl, HERE))
  }
  await get('/users/one/playlists')
  const user = fc.constantFrom('empty', 'one', 'fifty', 'fiftyone', 'smedjan', '#mimble!')
  const limit = fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined })
  const offset = fc.option(fc.integer({ min: 0, max: 130 }), { nil: undefined })
  await fc.assert(
    fc.asyncProperty(user, limit, offset, async (user, limit, offset) => {
      const query = Object.entries({ limit, offset }).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}=${value}`],
      )
      const path = `/users/${encodeURIComponent(user)}/playlists?${query.join('&')}`
      const [ours, theirs] = await Promise.all([get(`/v1${path}`), there(path)])
      t.same(ours.json(), theirs, path)
      t.same(Object.keys(ours.json()).sort(), Object.keys(theirs).sort(), 'the same members')
    }),
    { numRuns: 60 },
  )
})

t.test('a page with limit 0 has the total and no neighbours', async t => {
  const { get } = await startService(t)
  const response = await get('/v1/users/smedjan/playlists?limit=0&offset=7')
  t.equal(response.statusCode, 200)
  t.same(response.json(), {
    href: `${HERE}/users/smedjan/playlists?offset=7&limit=0`,
    items: [],
    limit: 0,
    next: null,
    offset: 7,
    previous: null,
    total: 120,
  })
  t.equal((await get('/users/smedjan/playlists?limit=0')).statusCode, 400, 'only below /v1')
})

t.test('pages come from the same cached list, and together are the whole list', async t => {
  const { get, sandbox } = await startService(t)
  const items: unknown[] = []
  let url: string | null = '/v1/users/with-nulls/playlists?limit=7'
  while (url !== null) {
    const page: { items: unknown[]; next: string | null; total: number } = (await get(url)).json()
    items.push(...page.items)
    t.equal(page.total, 96, 'nulls do not count')
    url = page.next?.replace('http://localhost:80', '') ?? null
  }
  t.same(
    items,
    sandbox.user('with-nulls')?.filter(entry => entry !== null),
  )
  t.equal(sandbox.count('api'), 3)
  await get('/users/with-nulls/playlists')
  t.equal(sandbox.count('api'), 3, 'both routes share the list')
})

t.test('a page is always JSON', async t => {
  const { get } = await startService(t)
  for (const headers of [
    { accept: 'text/csv' },
    { accept: 'image/png' },
    { authorization: 'Bearer whatever the library holds' },
    { 'content-type': 'application/json' },
  ] as Record<string, string>[]) {
    const response = await get('/v1/users/one/playlists?format=csv&market=SE', headers)
    t.equal(response.statusCode, 200)
    t.match(response.headers, {
      'content-type': 'application/json; charset=utf-8',
      vary: /^Accept-Encoding$/,
      'cache-status': /./,
    })
    t.match(response.json(), { limit: 20, offset: 0, total: 1 })
  }
})

t.test("errors have Spotify's format on every path below /v1", async t => {
  const { app, get, sandbox, clock } = await startService(t)
  const shaped = (response: Awaited<ReturnType<typeof get>>, status: number, message: RegExp) => {
    t.equal(response.statusCode, status)
    t.equal(response.headers['content-type'], 'application/json')
    const body = response.json()
    t.same(Object.keys(body), ['error'])
    t.same(Object.keys(body.error), ['status', 'message'])
    t.match(body.error, { status, message })
  }
  const lists = '/v1/users/one/playlists'
  for (const query of ['limit=51', 'limit=abc', 'limit=', 'limit=1&limit=2', 'limit=1e1']) {
    shaped(await get(`${lists}?${query}`), 400, /"limit" must be a whole number from 0 to 50/)
  }
  for (const query of ['offset=-1', 'offset=100001', 'offset=0x10', 'offset=1&offset=1']) {
    shaped(await get(`${lists}?${query}`), 400, /"offset" must be a whole number from 0 to 100000/)
  }
  shaped(await get('/v1/users/%20/playlists'), 400, /"id"/)
  shaped(await get('/v1/users/%ff/playlists'), 400, /"id".*percent-escape/)
  shaped(await get('/v1/me/playlists'), 404, /nothing here/)
  shaped(await get('/v1'), 404, /nothing here/)
  shaped(await app.inject({ method: 'POST', url: lists }), 405, /Use GET or HEAD/)
  shaped(await get(lists, { 'accept-encoding': 'identity;q=0' }), 406, /Accept-Encoding/)
  shaped(await get(lists, { 'cache-control': 'only-if-cached' }), 504, /cached/)
  sandbox.fault({ on: 'api', times: 1, answer: 'not-found' })
  shaped(await get(lists), 404, /no user/)
  sandbox.fault({ on: 'api', times: 1, answer: 'rate-limited' })
  const refused = await get('/v1/users/fifty/playlists')
  shaped(refused, 503, /rate limits/)
  t.equal(refused.headers['retry-after'], '3')
  await clock.advance(seconds(3))
  sandbox.fault({ on: 'api', times: 1, answer: 'html' })
  shaped(await get('/v1/users/fifty/playlists'), 502, /unusable/)
})

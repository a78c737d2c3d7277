import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { sandboxFor } from './support.ts'

const SMEDJAN = '/v1/users/smedjan/playlists'

t.test('a page has the members of the paging object in the documented order', async t => {
  const { sandbox, call, bearer } = await sandboxFor(t)
  const { status, headers, json } = await call('GET', SMEDJAN, await bearer())
  t.equal(status, 200)
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  t.equal(headers['cache-control'], 'public, max-age=0')
  const page = json()
  t.equal(Object.keys(page).join(), 'href,items,limit,next,offset,previous,total')
  t.same(page, {
    href: `${sandbox.apiUrl}/users/smedjan/playlists?offset=0&limit=20`,
    items: sandbox.user('smedjan')?.slice(0, 20),
    limit: 20,
    next: `${sandbox.apiUrl}/users/smedjan/playlists?offset=20&limit=20`,
    offset: 0,
    previous: null,
    total: 120,
  })
})

t.test('pages link to the previous and the next page', async t => {
  const { sandbox, call, bearer } = await sandboxFor(t)
  const headers = await bearer()
  const cases = [
    { limit: 50, offset: 0, items: 50, next: 50, previous: null },
    { limit: 50, offset: 69, items: 50, next: 119, previous: 19 },
    { limit: 50, offset: 70, items: 50, next: null, previous: 20 },
    { limit: 50, offset: 71, items: 49, next: null, previous: 21 },
    { limit: 1, offset: 119, items: 1, next: null, previous: 118 },
    { limit: 50, offset: 20, items: 50, next: 70, previous: 0 },
    { limit: 0, offset: 20, items: 0, next: null, previous: null },
    { limit: 50, offset: 120, items: 0, next: null, previous: 70 },
    { limit: 50, offset: 100_000, items: 0, next: null, previous: 99_950 },
  ]
  for (const { limit, offset, items, next, previous } of cases) {
    const url = (at: number | null) =>
      at === null ? null : `${sandbox.apiUrl}/users/smedjan/playlists?offset=${at}&limit=${limit}`
    const page = (await call('GET', `${SMEDJAN}?limit=${limit}&offset=${offset}`, headers)).json()
    t.equal(page.items.length, items, `items from ${offset}`)
    t.same([page.next, page.previous], [url(next), url(previous)], `links from ${offset}`)
  }
})

t.test('the Web API refuses a limit above 50 and an offset above 100 000', async t => {
  const { call, bearer } = await sandboxFor(t)
  const headers = await bearer()
  for (const query of ['limit=51', 'limit=-1', 'limit=ten', 'limit=1.5', 'limit=']) {
    const { status, json } = await call('GET', `${SMEDJAN}?${query}`, headers)
    t.equal(status, 400, query)
    t.same(json(), { error: { status: 400, message: 'Invalid limit' } })
  }
  for (const query of ['offset=100001', 'offset=-1', 'offset=x']) {
    const { status, json } = await call('GET', `${SMEDJAN}?${query}`, headers)
    t.equal(status, 400, query)
    t.same(json(), { error: { status: 400, message: 'Invalid offset' } })
  }
})

t.test('a user id is a single encoded path segment, and is case-sensitive', async t => {
  const { sandbox, call, bearer } = await sandboxFor(t)
  const headers = await bearer()
  const cases: Array<[segment: string, total: number]> = [
    ['%23mimble!', 4],
    ['abc%2Bxyz', 3],
    ['abc+xyz', 3],
    ['spotify_espa%C3%B1a', 5],
    ['max.kleinschmidt', 7],
    ['1112264649', 2],
    ['Smedjan', 0],
    ['SMEDJAN', 0],
    ['nobody-has-this-id', 0],
    ['(null)', 0],
    ['...', 0],
  ]
  for (const [segment, total] of cases) {
    const { status, json } = await call('GET', `/v1/users/${segment}/playlists`, headers)
    t.equal(status, 200, segment)
    t.match(json(), { total, items: { length: total } }, segment)
  }
  const { href } = (await call('GET', '/v1/users/%23mimble!/playlists', headers)).json()
  t.equal(href, `${sandbox.apiUrl}/users/%23mimble!/playlists?offset=0&limit=20`)
})

t.test('other Web API paths do not exist', async t => {
  const { call, bearer } = await sandboxFor(t)
  const headers = await bearer()
  const paths = [
    '/v1',
    '/v1?limit=1',
    '/v1/me/',
    '/v1/me/playlists/',
    '/v1/me/tracks',
    '/v1/users//playlists',
    '/v1/users/../playlists',
    '/v1/users/%2E%2e/playlists',
    '/v1/users/./playlists',
    '/v1/users/%zz/playlists',
    '/v1/users/a/b/playlists',
    '/v1/users/smedjan/playlists/',
  ]
  for (const path of paths) {
    const { status, json } = await call('GET', path, headers)
    t.equal(status, 404, path)
    t.same(json(), { error: { status: 404, message: 'Service not found' } })
  }
  t.equal((await call('GET', '/v10')).json().error, 'not_found', 'a path outside the Web API')
})

t.test('the Web API allows only GET', async t => {
  const { call, bearer } = await sandboxFor(t)
  const { status, headers, json } = await call('POST', SMEDJAN, await bearer(), '{}')
  t.equal(status, 405)
  t.equal(headers.allow, 'GET')
  t.same(json(), { error: { status: 405, message: 'Method not allowed' } })
})

t.test('the Web API refuses missing, malformed, unknown and expired tokens', async t => {
  let nowMs = 0
  const { sandbox, call, token } = await sandboxFor(t, { now: () => nowMs })
  const get = (authorization?: string) =>
    call('GET', SMEDJAN, authorization === undefined ? {} : { authorization })
  t.match((await get()).json(), { error: { status: 401, message: 'No token provided' } })
  for (const authorization of ['Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a b']) {
    const { status, json } = await get(authorization)
    t.equal(status, 400, authorization)
    t.equal(json().error.message, 'Only valid bearer authentication supported')
  }
  const invalid = await get('Bearer nonsense')
  t.equal(invalid.status, 401)
  t.equal(invalid.json().error.message, 'Invalid access token')

  const first = `Bearer ${await token()}`
  nowMs = 3_600_000 - 1
  t.equal((await get(first)).status, 200, 'valid until its last millisecond')
  nowMs++
  const expired = await get(first)
  t.equal(expired.status, 401)
  t.same(expired.json(), { error: { status: 401, message: 'The access token expired' } })
  t.equal(
    expired.headers['www-authenticate'],
    'Bearer realm="spotify", error="invalid_token", error_description="The access token expired"',
  )

  const second = `bearer ${await token()}`
  t.equal((await get(second)).status, 200)
  sandbox.revokeTokens()
  t.equal((await get(second)).status, 401)
  t.equal((await get(`Bearer ${await token()}`)).status, 200, 'later tokens are not revoked')
})

t.test('pages are compressed for clients that accept gzip', async t => {
  const { call, bearer } = await sandboxFor(t)
  const headers = await bearer()
  const plain = await call('GET', SMEDJAN, headers)
  t.equal(plain.headers['content-encoding'], undefined)
  for (const accepted of ['gzip', 'br, gzip', 'deflate,GZIP;q=0.5', 'gzip;q=0.01']) {
    const reply = await call('GET', SMEDJAN, { ...headers, 'accept-encoding': accepted })
    t.equal(reply.headers['content-encoding'], 'gzip', accepted)
    t.equal(Number(reply.headers['content-length']), reply.body.length)
    t.equal(gunzipSync(reply.body).toString(), plain.text)
  }
  for (const accepted of ['br', 'gzip;q=0', 'gzip; q=0.0, br', 'gzipped']) {
    const reply = await call('GET', SMEDJAN, { ...headers, 'accept-encoding': accepted })
    t.equal(reply.headers['content-encoding'], undefined, accepted)
  }
})

t.test("links contain the request's Host, or else the sandbox address", async t => {
  const { sandbox, call, bearer } = await sandboxFor(t)
  const headers = await bearer()
  const named = await call('GET', SMEDJAN, { ...headers, host: 'sandbox:4100' })
  t.match(named.json().href, /^http:\/\/sandbox:4100\/v1\/users\//)
  const socket = connect(sandbox.port, '127.0.0.1')
  socket.write(`GET ${SMEDJAN} HTTP/1.0\r\nAuthorization: ${headers.authorization}\r\n\r\n`)
  t.match(await text(socket), `"href":"${sandbox.apiUrl}/users/smedjan/playlists`)
})

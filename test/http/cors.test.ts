import t from 'tap'
import { request } from 'undici'
import { listen } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'

const LIST = '/users/smedjan/playlists'
const PAGE = 'https://app.example'
const KEY = 'k'.repeat(32)
const preflight = {
  origin: PAGE,
  'access-control-request-method': 'GET',
  'access-control-request-headers': 'authorization,if-none-match',
}

t.test('by default no page from another origin can read a response', async t => {
  const { app, get } = await startService(t)
  const response = await get(LIST, { origin: PAGE })
  t.equal(response.headers['access-control-allow-origin'], undefined)
  const asked = await app.inject({ method: 'OPTIONS', url: LIST, headers: preflight })
  t.equal(asked.statusCode, 405)
})

t.test('pages from a listed origin can read every response', async t => {
  const { get } = await startService(t, { CORS_ORIGINS: `https://other.example, ${PAGE}` })
  const { etag } = (await get(LIST)).headers
  for (const [url, status, headers] of [
    [LIST, 200, {}],
    [LIST, 304, { 'if-none-match': String(etag) }],
    [`${LIST}?format=csv`, 200, {}],
    [`${LIST}?limit=x`, 400, {}],
    ['/v1/users/smedjan/playlists', 200, {}],
    ['/v1/users/smedjan/playlists?limit=x', 400, {}],
    ['/nowhere', 404, {}],
    ['/', 200, {}],
    ['/?user=%20', 400, { accept: 'text/html' }],
    [LIST, 200, { accept: 'text/html' }],
    ['/status', 200, {}],
    ['/status', 200, { accept: 'text/html' }],
    ['/problems', 200, {}],
    ['/openapi.yaml', 200, {}],
  ] as const) {
    const response = await get(url, { origin: PAGE, ...headers })
    t.equal(response.statusCode, status, url)
    t.equal(response.headers['access-control-allow-origin'], PAGE, url)
    t.match(response.headers['access-control-expose-headers'], /\bCache-Status\b.*\bRetry-After\b/)
    t.match(String(response.headers.vary), /\bOrigin\b/, 'caches keep origins apart')
  }
})

t.test('a request id with the name of a response header changes no header', async t => {
  for (const variables of [{}, { CORS_ORIGINS: PAGE }]) {
    const { get } = await startService(t, variables)
    const { headers } = await get(LIST)
    for (const _ of ['a hit of the route', 'a hit of the fast path']) {
      const named = await get(LIST, { 'x-request-id': 'vary' })
      t.match(named.headers, {
        'x-request-id': 'vary',
        'x-content-type-options': 'nosniff',
        vary: headers.vary,
      })
    }
  }
})

t.test('pages from unlisted origins get responses without CORS fields', async t => {
  const { app } = await startService(t, { CORS_ORIGINS: PAGE })
  const url = `http://127.0.0.1:${await listen(app)}${LIST}`
  for (const origin of ['https://evil.example', `${PAGE}.evil.example`, 'null', '', undefined]) {
    // Over a socket, since inject hides repeated fields on Node 20.
    const { statusCode, headers, body } = await request(
      url,
      origin === undefined ? {} : { headers: { origin } },
    )
    await body.dump()
    t.equal(statusCode, 200)
    t.equal(headers['access-control-allow-origin'], undefined, String(origin))
    t.equal(headers.vary, 'Accept, Accept-Encoding, Origin', 'one field: nginx 1.22 reads only one')
  }
})

t.test('an asterisk allows every origin, without Vary', async t => {
  const { get } = await startService(t, { CORS_ORIGINS: '*' })
  const response = await get(LIST, { origin: PAGE })
  t.equal(response.headers['access-control-allow-origin'], '*')
  t.notMatch(String(response.headers.vary), /Origin/)
})

t.test('a preflight request needs no key, but the request does', async t => {
  const service = await startService(t, { CORS_ORIGINS: PAGE, API_KEYS: `page:${KEY}` })
  const { app, get } = service
  for (const url of [LIST, '/v1/users/smedjan/playlists', '/status', '/nowhere']) {
    const response = await app.inject({ method: 'OPTIONS', url, headers: preflight })
    t.equal(response.statusCode, 204, url)
    t.match(response.headers, {
      'access-control-allow-origin': PAGE,
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': /\bAuthorization\b.*\bIf-None-Match\b/,
      'access-control-max-age': '7200',
    })
  }
  const refused = await get(LIST, { origin: PAGE })
  t.equal(refused.statusCode, 401)
  t.equal(refused.headers['access-control-allow-origin'], PAGE, 'the page may read the problem')
  t.equal((await get(LIST, { origin: PAGE, authorization: `Bearer ${KEY}` })).statusCode, 200)
})

t.test("a preflight request does not count towards the caller's limit", async t => {
  const { app, get } = await startService(t, { CORS_ORIGINS: '*', CALLER_REQUESTS_PER_MINUTE: '1' })
  await app.inject({ method: 'OPTIONS', url: LIST, headers: preflight })
  t.equal((await get(LIST, { origin: PAGE })).statusCode, 200)
  const limited = await get(LIST, { origin: PAGE })
  t.equal(limited.statusCode, 429)
  t.match(limited.headers, { 'access-control-allow-origin': '*', 'retry-after': /\d/ })
})

t.test('OPTIONS without preflight fields gets 405', async t => {
  const { app } = await startService(t, { CORS_ORIGINS: '*' })
  for (const headers of [{}, { origin: PAGE }, { 'access-control-request-method': 'GET' }]) {
    const response = await app.inject({ method: 'OPTIONS', url: LIST, headers })
    t.equal(response.statusCode, 405)
    t.equal(response.headers.allow, 'GET, HEAD')
  }
})

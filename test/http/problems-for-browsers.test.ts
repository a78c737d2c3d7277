import t from 'tap'
import { exchange, listen, responsesIn } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'

const HTML = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

t.test('the page for an unknown path links to the path the reader probably meant', async t => {
  const { get } = await startService(t, { PUBLIC_URL: 'https://lists.example/base' })
  const page = await get('/users/Smedjan', HTML)
  t.equal(page.statusCode, 404)
  const path = '/base/users/smedjan/playlists'
  t.match(page.body, `You probably mean <a href="${path}">${path}</a>.`)
  const health = await get('/healthz', HTML)
  t.match(health.body, 'You probably mean <a href="/base/health/live">')
  t.match(health.body, 'You probably mean <a href="/base/health/ready">')
  for (const unclear of ['/nothing', '/users/me']) {
    t.notMatch((await get(unclear, HTML)).body, 'You probably mean <a')
  }
})

t.test('a browser gets a problem as a page with the same status and fields', async t => {
  const { get, sandbox, lines } = await startService(t)
  sandbox.fault({ on: 'api', answer: 'rate-limited' })
  for (const [path, status] of [
    ['/nope', 404],
    ['/users/%20/playlists', 400],
    ['/users/%zz/playlists', 400],
    ['/users/one/playlists?limit=0', 400],
    ['/users/one/playlists', 503],
  ] as const) {
    const json = await get(path)
    const page = await get(path, { ...HTML, 'x-request-id': 'seen' })
    t.equal(page.statusCode, status, path)
    t.equal(page.headers['content-type'], 'text/html; charset=utf-8')
    for (const name of ['retry-after', 'cache-control', 'vary']) {
      t.equal(page.headers[name], json.headers[name], name)
    }
    t.match(page.headers, { vary: 'Accept', 'content-security-policy': /^default-src 'none'/ })
    t.match(page.body, json.json().title)
    t.match(page.body, '<code>seen</code>')
    t.match(lines().at(-1), { request_id: 'seen', problem: /./ })
  }
  t.match((await get('/users/one/playlists', HTML)).body, /Try again<\/a> in \d+ \w+ \(<time/)
  const named = await get('/users/one/playlists?format=html&offset=x', { accept: '*/*' })
  t.equal(named.statusCode, 400)
  t.match(named.body, '<h1>Invalid query parameter</h1>')
})

t.test("Spotify clients get Spotify's errors, whatever they accept", async t => {
  const { get } = await startService(t)
  const { headers, body } = await get('/v1/users/one/playlists?limit=x', HTML)
  t.equal(headers['content-type'], 'application/json')
  t.notOk('vary' in headers)
  t.match(JSON.parse(body), { error: { status: 400 } })
})

t.test('the problem page shows the path as text, without the query', async t => {
  const { get } = await startService(t)
  const { body } = await get('/%3Cscript%3E/a"b?key=canary', HTML)
  t.notMatch(body, /<script|canary/)
})

t.test('Vary on a problem keeps the values added by CORS', async t => {
  const CORS_ORIGINS = 'https://one.example,https://two.example'
  const { app } = await startService(t, { CORS_ORIGINS })
  const port = await listen(app)
  const request =
    'GET /nope HTTP/1.1\r\nHost: x\r\nOrigin: https://one.example\r\nConnection: close\r\n\r\n'
  const [response] = responsesIn(await exchange(port, request))
  t.equal(response?.headers.vary, 'Origin, Accept')
})

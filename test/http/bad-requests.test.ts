import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { exchange, listen } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'

t.test('the problem for an invalid query names the parameter and the allowed values', async t => {
  const { get, sandbox } = await startService(t)
  const cases = [
    ['limit=0', 'limit', /whole number of at least 1/],
    ['limit=-1', 'limit', /whole number of at least 1/],
    ['limit=abc', 'limit', /whole number of at least 1/],
    ['limit=0x10', 'limit', /whole number of at least 1/],
    ['limit=1e1', 'limit', /whole number of at least 1/],
    ['limit=%205', 'limit', /whole number of at least 1/],
    ['limit=1.5', 'limit', /whole number of at least 1/],
    ['limit=', 'limit', /whole number of at least 1/],
    ['limit=1&limit=2', 'limit', /given once/],
    ['offset=-1', 'offset', /whole number of at least 0/],
    ['offset=x', 'offset', /whole number of at least 0/],
    ['offset=0&offset=0', 'offset', /given once/],
    ['format=xml', 'format', /json, text/],
    ['format=', 'format', /json, text/],
    ['format=text&format=text', 'format', /given once/],
  ] as const
  for (const [query, name, allowed] of cases) {
    const response = await get(`/users/one/playlists?${query}`)
    t.match(response.json(), { type: '/problems/invalid-query', status: 400 }, query)
    t.match(response.json().detail, `Parameter "${name}"`)
    t.match(response.json().detail, allowed)
  }
  t.equal(sandbox.count('api'), 0)
})

t.test('an invalid user id is refused with a hint and costs no Spotify request', async t => {
  const { get, sandbox } = await startService(t)
  const link = encodeURIComponent('https://example.com/u')
  const long = ['x'.repeat(257), 'x'.repeat(5000)]
  const ids = ['a%2fb', '%00', '%20', '(null)', '%zz', '%ff', 'spotify:playlist:x', link, ...long]
  for (const id of [...ids, '']) {
    const response = await get(`/users/${id}/playlists`)
    t.match(response.json(), { type: '/problems/invalid-user-id', status: 400 }, id)
    t.match(response.json().detail, /^Parameter "id": /)
  }
  t.equal(sandbox.count('api'), 0)
})

t.test('unresolved dot segments are refused', async t => {
  const { app, sandbox } = await startService(t)
  const port = await listen(app)
  for (const id of ['.', '..', '%2e', '%2E%2e']) {
    const request = `GET /users/${id}/playlists HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
    t.match(await exchange(port, request), /^HTTP\/1\.1 400 [\s\S]*invalid-user-id/, id)
  }
  t.equal(sandbox.count('api'), 0)
})

t.test('the problem for an unsatisfiable Accept lists the formats', async t => {
  const { get } = await startService(t)
  const response = await get('/users/one/playlists', { accept: 'image/png' })
  t.match(response.json(), { type: '/problems/not-acceptable', status: 406 })
  t.match(response.json().detail, 'application/json, text/plain')
})

t.test('a method not allowed on a path gets 405, whatever the body', async t => {
  const { app } = await startService(t)
  const methods = [
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'QUERY',
  ] as const
  for (const url of ['/users/one/playlists', '/health/live', '/health/ready']) {
    for (const method of methods) {
      const headers = { 'content-type': 'text/strange' }
      const response = await app.inject({ method: method as never, url, headers, payload: 'x' })
      t.equal(response.statusCode, 405, `${method} ${url}`)
      t.equal(response.headers.allow, 'GET, HEAD')
      t.match(response.json(), { type: '/problems/method-not-allowed' })
    }
  }
})

t.test("a problem has Spotify's error object, and the request id from the log", async t => {
  const { get, lines } = await startService(t)
  const response = await get('/users/one/playlists?limit=0', { 'x-request-id': 'my-case.1' })
  const problem = response.json()
  t.same(problem.error, { status: 400, message: problem.detail })
  t.equal(problem.title, 'Invalid query parameter')
  t.equal(problem.request_id, 'my-case.1')
  t.equal(response.headers['x-request-id'], 'my-case.1')
  t.match(lines().at(-1), { request_id: 'my-case.1', status: 400, problem: 'invalid-query' })
  for (const id of ['', 'a b', 'x'.repeat(65)]) {
    const given = await get('/nowhere', { 'x-request-id': id })
    t.match(given.json().request_id, /^[\da-f-]{36}$/, 'an unsafe id is replaced')
  }
  t.match((await get('/users/%zz/playlists')).headers['x-request-id'], /^[\da-f-]{36}$/)
})

t.test("an internal error's cause is in the log, but not in the response", async t => {
  const { app, lines } = await startService(t)
  app.get('/bug', async () => {
    throw new TypeError('the secret cause')
  })
  const response = await app.inject('/bug')
  t.match(response.json(), { type: '/problems/internal-error', status: 500 })
  t.notMatch(response.body, 'secret')
  t.match(lines().at(-1), { level: 'error', err: { cause: { message: 'the secret cause' } } })
})

t.test('a GET with an unreadable body works, but a POST with one is a bad request', async t => {
  const { app } = await startService(t)
  const headers = { 'content-type': 'application/json' }
  const body = { headers, payload: '{"a":' }
  const read = await app.inject({ method: 'GET', url: '/users/one/playlists', ...body })
  t.equal(read.statusCode, 200)
  const refused = await app.inject({ method: 'POST', url: '/nowhere', ...body })
  t.match(refused.json(), { type: '/problems/bad-request', status: 400 })
})

t.test('a malformed path outside /users is a bad request', async t => {
  const { get } = await startService(t)
  t.match((await get('/health/%zz')).json(), { type: '/problems/bad-request', status: 400 })
})

t.test(
  'input that is too long or not HTTP gets a problem, is logged, and closes the connection',
  async t => {
    const { app, lines } = await startService(t)
    const port = await listen(app)
    t.match(await exchange(port, 'rubbish\r\n\r\n'), /^HTTP\/1\.1 400 Bad [\s\S]*"status":400/)
    t.match(lines().at(-1), { status: 400, problem: 'bad-request', request_id: String })
    const long = `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(65_536)}\r\n\r\n`
    t.match(await exchange(port, long), /^HTTP\/1\.1 431 Request [\s\S]*"status":431[\s\S]*16 KiB/)
    const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
    const socket = connect(port, '127.0.0.1')
    const [connection] = (await once(app.server, 'connection')) as [Socket]
    app.server.emit('clientError', late, connection)
    t.match(await text(socket), /^HTTP\/1\.1 408 Request [\s\S]*"status":408/)
  },
)

t.test('malformed input closes the connection while an earlier request waits', async t => {
  const { app, sandbox } = await startService(t)
  const port = await listen(app)
  const release = sandbox.hold('api')
  const response = exchange(
    port,
    'GET /users/one/playlists HTTP/1.1\r\nHost: x\r\n\r\nmalformed\r\n\r\n',
  )
  t.equal(await response, '', 'the service closes the connection')
  release()
})

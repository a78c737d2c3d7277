import { connect } from 'node:net'
import t from 'tap'
import { exchange } from '../support/raw-http.ts'
import { startTracedService, traceparent } from '../support/traced-service.ts'
import { until } from '../support/until.ts'

const LIST = '/users/smedjan/playlists'
const ROUTE = '/users/:id/playlists'
const SERVER = 2
const CLIENT = 3

t.test('every response has one finished span with status, route and parent', async t => {
  const { url, spans, sandbox } = await startTracedService(t)
  const etag = (await fetch(url + LIST)).headers.get('etag') ?? ''
  sandbox.fault({ on: 'api', userId: 'nobody', answer: 'not-found' })
  sandbox.fault({ on: 'api', userId: 'refused', answer: 'forbidden' })
  const cases = [
    { path: LIST, status: 200, route: ROUTE, result: 'hit' },
    { path: LIST, status: 304, route: ROUTE, result: 'hit', headers: { 'if-none-match': etag } },
    { path: LIST, status: 200, route: ROUTE, result: 'hit', method: 'HEAD' },
    { path: `${LIST}?limit=0`, status: 400, route: ROUTE, problem: 'invalid-query' },
    { path: '/users/a%2Fb/playlists', status: 400, route: ROUTE, problem: 'invalid-user-id' },
    { path: LIST, status: 405, route: ROUTE, problem: 'method-not-allowed', method: 'POST' },
    { path: '/v1/users/smedjan/playlists', status: 200, route: `/v1${ROUTE}`, result: 'hit' },
    { path: '/status', status: 200, route: '/status' },
    { path: '/nothing', status: 404, problem: 'not-found' },
    {
      path: '/users/nobody/playlists',
      status: 404,
      route: ROUTE,
      result: 'miss',
      problem: 'user-not-found',
    },
    {
      path: '/users/refused/playlists',
      status: 502,
      route: ROUTE,
      result: 'failed',
      problem: 'spotify-access-denied',
      error: 'spotify-access-denied',
    },
  ]
  for (const [n, { path, status, method = 'GET', headers }] of cases.entries()) {
    const caller = { ...traceparent(n + 1).headers, ...headers }
    const response = await fetch(url + path, { method, headers: caller })
    t.equal(response.status, status, path)
    await response.arrayBuffer()
  }
  const all = await spans()
  for (const [n, { path, status, route, method = 'GET', ...expected }] of cases.entries()) {
    const { traceId } = traceparent(n + 1)
    const [span, ...others] = all.filter(
      ({ kind, traceId: id }) => kind === SERVER && id === traceId,
    )
    t.same(others, [], path)
    t.equal(span?.name, route === undefined ? method : `${method} ${route}`)
    t.equal(span?.parentSpanId, '00000000000000aa')
    t.strictSame(span?.status, { code: status < 500 ? 0 : 2 }, 'a 4xx is not an error')
    t.equal(span?.attributes['http.response.status_code'], status)
    t.equal(span?.attributes['http.route'], route)
    t.equal(span?.attributes['playlist_proxy.cache_result'], expected.result)
    t.equal(span?.attributes['playlist_proxy.problem'], expected.problem)
    t.equal(span?.attributes['error.type'], expected.error)
  }
  t.ok(
    all.every(({ name }) => !name.startsWith('notFoundHandler')),
    'no steps of the framework',
  )
})

t.test(
  "requests to Spotify are children of the lookup, and do not carry the lookup's context",
  async t => {
    const { url, spans, sandbox } = await startTracedService(t)
    const { traceId, headers } = traceparent(7)
    await (await fetch(url + LIST, { headers: { ...headers, baggage: 'a=b' } })).text()
    const all = await spans()
    const server = all.find(({ kind }) => kind === SERVER)
    const pages = all.filter(({ attributes }) =>
      String(attributes['url.full']).startsWith(sandbox.apiUrl),
    )
    t.equal(pages.length, 3)
    for (const page of pages) {
      t.match(page, { kind: CLIENT, name: 'GET', traceId, parentSpanId: server?.spanId })
      t.match(page.attributes, { 'http.response.status_code': 200, 'url.full': /limit=50&offset=/ })
    }
    t.equal(sandbox.requests.length, 4, 'three pages and a token')
    for (const request of sandbox.requests) {
      t.same(
        Object.keys(request.headers).filter(name => /trace|baggage|b3/.test(name)),
        [],
      )
    }
  },
)

t.test('an unsampled parent yields no spans, but its ids are logged', async t => {
  const { url, spans, lines } = await startTracedService(t)
  const { traceId, headers } = traceparent(8, '00')
  await (await fetch(url + LIST, { headers })).text()
  t.same(
    (await spans()).filter(span => span.traceId === traceId),
    [],
  )
  t.match(
    lines().find(({ msg }) => msg === 'request completed'),
    { trace_id: traceId, span_id: /^[0-9a-f]{16}$/ },
  )
})

t.test('pipelined requests keep their own parents', async t => {
  const { url, spans } = await startTracedService(t)
  const request = (n: number, last = '') =>
    `GET ${LIST} HTTP/1.1\r\nHost: x\r\ntraceparent: ${traceparent(n).headers.traceparent}\r\n${last}\r\n`
  const port = Number(new URL(url).port)
  await exchange(port, request(1) + request(2) + request(3, 'Connection: close\r\n'))
  const servers = (await spans()).filter(({ kind }) => kind === SERVER)
  t.same(
    servers.map(({ traceId }) => traceId).sort(),
    [1, 2, 3].map(n => traceparent(n).traceId),
  )
})

t.test('requests to polled endpoints have no span', async t => {
  const { url, spans } = await startTracedService(t)
  for (const path of ['/health/live', '/health/ready?x=1', '/metrics']) {
    t.equal((await fetch(url + path, { headers: traceparent(9).headers })).status, 200, path)
  }
  t.same(
    (await spans()).filter(({ kind }) => kind === SERVER),
    [],
  )
})

for (const [outcome, status] of [
  ['succeeds', 200],
  ['fails', 502],
] as const) {
  t.test(`a disconnected caller's span ends once, even if the lookup ${outcome}`, async t => {
    const { url, sandbox, spans, lines } = await startTracedService(t)
    if (status === 502) sandbox.fault({ on: 'api', answer: 'forbidden' })
    const release = sandbox.hold('api')
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const { traceId, headers } = traceparent(10)
    socket.write(`GET ${LIST} HTTP/1.1\r\nHost: x\r\ntraceparent: ${headers.traceparent}\r\n\r\n`)
    await sandbox.arrived('api', 1)
    socket.destroy()
    await until(() => lines().some(({ msg }) => msg === 'client closed request'))
    release()
    t.equal((await fetch(url + LIST)).status, status)
    const server = (await spans()).filter(span => span.kind === SERVER && span.traceId === traceId)
    t.match(server, [{ name: `GET ${ROUTE}`, attributes: { 'http.response.status_code': 499 } }])
    t.same(
      lines().filter(({ source }) => source === 'OpenTelemetry'),
      [],
      'no warning of the SDK',
    )
  })
}

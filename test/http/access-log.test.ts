import { connect } from 'node:net'
import t from 'tap'
import { isWarning, type LogLine } from '../support/log-lines.ts'
import { metricsOf } from '../support/metrics.ts'
import { type Service, seconds, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

const LIST = '/users/smedjan/playlists'
const [DEBUG, INFO, WARN, ERROR] = ['debug', 'info', 'warn', 'error'] as const

/** Returns the log lines about responses: those with a `route`, even if it is null. */
const responses = ({ lines }: Pick<Service, 'lines'>): LogLine[] =>
  lines().filter(line => 'route' in line)

t.test('each response has a log line with the result and the cost', async t => {
  const service = await startService(t)
  const { get, clock, sandbox } = service
  const release = sandbox.hold('api')
  const asked = get(LIST, { 'x-request-id': 'mine' })
  await sandbox.arrived('api', 1)
  await clock.advance(1234)
  release()
  await clock.runUntil(asked)
  t.equal(responses(service).length, 1)
  t.strictSame(Object.keys(responses(service)[0] ?? {}).sort(), [
    'cache_status',
    'caller',
    'duration_ms',
    'hostname',
    'level',
    'msg',
    'pid',
    'request_id',
    'route',
    'spotify_requests',
    'status',
    'time',
    'user_id',
  ])
  t.match(responses(service), [
    {
      level: INFO,
      request_id: 'mine',
      route: '/users/:id/playlists',
      status: 200,
      duration_ms: 1234,
      caller: 'anonymous',
      user_id: 'smedjan',
      cache_status: 'playlist-proxy; fwd=uri-miss; fwd-status=200; stored; ttl=300',
      msg: 'request completed',
    },
  ])
})

t.test('spotify_requests counts all requests for a lookup, including token requests', async t => {
  const service = await startService(t)
  const { app, get, clock, sandbox, quiet } = service
  await app.ready()
  const spent = () => responses(service).map(line => line.spotify_requests)
  await Promise.all([get(LIST), get(LIST), get(LIST)])
  t.same(spent(), [3, 0, 0], 'the lookups that shared the fetch caused none')
  await get(LIST)
  t.same(spent().slice(3), [0], 'a hit')
  sandbox.revokeTokens()
  await get('/users/one/playlists')
  t.same(spent().slice(4), [3], 'a page, a token, the page again')
  sandbox.fault({ on: 'api', times: 1, answer: 'server-error' })
  await clock.runUntil(get('/users/retried/playlists'))
  t.same(spent().slice(5), [2])
  await clock.advance(seconds(1))
  sandbox.fault({ on: 'api', times: 1, answer: 'forbidden' })
  await get('/users/refused/playlists')
  await get('/users/refused/playlists')
  t.same(spent().slice(6), [2, 0], 'a failure and its probe count too')
  await clock.advance(seconds(600))
  await get(LIST)
  t.same(spent().slice(8), [0], 'a stale response')
  await quiet()
  await until(() => service.lines().some(({ msg }) => msg.startsWith('revalidated')))
  t.match(service.lines().at(-1), {
    level: INFO,
    user_id: 'smedjan',
    spotify_requests: 3,
    duration_ms: 0,
  })
})

t.test('a problem has a log line at the level for its severity', async t => {
  const service = await startService(t)
  const { get, sandbox } = service
  sandbox.fault({ on: 'api', times: 1, answer: 'forbidden' })
  await get('/users/one/playlists')
  await get('/users/one/playlists?limit=0')
  await get('/v1/nowhere')
  await get('/users/%zz/playlists')
  t.match(responses(service), [
    {
      level: WARN,
      status: 502,
      problem: 'spotify-access-denied',
      user_id: 'one',
      path: '/users/one/playlists',
      cache_status: /detail=spotify-access-denied/,
      msg: /^endpoint-forbidden/,
    },
    {
      level: INFO,
      status: 400,
      problem: 'invalid-query',
      path: '/users/one/playlists?limit=0',
      msg: /"limit"/,
    },
    { level: INFO, status: 404, problem: 'not-found', route: null, path: '/v1/nowhere' },
    { level: INFO, status: 400, problem: 'invalid-user-id', path: '/users/%zz/playlists' },
  ])
  t.equal(responses(service).length, 4)
})

t.test('an internal error is logged once, with the stack', async t => {
  const service = await startService(t)
  service.app.get('/bug', async () => {
    throw new Error('a mistake')
  })
  await service.get('/bug')
  t.match(responses(service), [
    { level: ERROR, msg: 'internal error', err: { cause: { stack: /a mistake/ } } },
  ])
  t.equal(service.lines().filter(isWarning).length, 1)
})

t.test('hits and polled routes are logged at debug', async t => {
  const service = await startService(t)
  const { get, sandbox } = service
  sandbox.fault({ on: 'api', times: 1, answer: 'not-found' })
  await get('/users/nobody/playlists')
  await get(LIST)
  service.written.length = 0
  const { headers } = await get(LIST)
  await get(LIST, { 'if-none-match': String(headers.etag) })
  await get('/users/nobody/playlists')
  for (const path of ['/health/live', '/health/ready', '/metrics']) await get(path)
  t.equal(responses(service).length, 6)
  for (const line of responses(service)) t.equal(line.level, DEBUG, String(line.route))
  for (const path of ['/status', '/problems', '/openapi.yaml']) await get(path)
  sandbox.revokeTokens()
  for (const line of responses(service).slice(6)) t.equal(line.level, INFO, String(line.route))
  t.equal(responses(service).length, 9)
})

t.test('failures on polled routes are logged at warn', async t => {
  const service = await startService(t)
  service.sandbox.fault({ on: 'token', answer: 'invalid-client' })
  await service.get('/health/ready')
  t.match(responses(service), [{ level: WARN, status: 503, route: '/health/ready' }])
})

t.test('the log line includes the API key name', async t => {
  const key = 'k'.repeat(32)
  const service = await startService(t, { API_KEYS: `website:${key}` })
  await service.get(LIST, { authorization: `Bearer ${key}` })
  await service.get(LIST, { authorization: `Bearer ${key}x` })
  await service.get('/health/live')
  t.match(responses(service), [
    { caller: 'website' },
    { level: INFO, status: 401, problem: 'unknown-api-key' },
    {},
  ])
  t.same(
    responses(service).map(line => 'caller' in line),
    [true, false, false],
  )
})

t.test('a hit is not logged at info', async t => {
  const service = await startService(t)
  service.app.log.level = INFO
  for (let nth = 0; nth < 3; nth++) await service.get(LIST)
  t.match(responses(service), [{ level: INFO, status: 200, spotify_requests: 3 }])
  t.equal(responses(service).length, 1)
})

t.test('a request is logged with 499 if the client disconnects', async t => {
  const service = await startService(t)
  const { app, sandbox, clock } = service
  const { port } = new URL(await app.listen({ port: 0 }))
  const release = sandbox.hold('api')
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(`GET ${LIST} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await sandbox.arrived('api', 1)
  await clock.advance(500)
  socket.destroy()
  await until(() => responses(service).length > 0)
  t.match(responses(service), [
    {
      level: INFO,
      status: 499,
      user_id: 'smedjan',
      duration_ms: 500,
      msg: 'client closed request',
    },
  ])
  release()
  await service.quiet()
  await until(() => !clock.pending.includes(15_000))
  t.equal((await service.get(LIST)).statusCode, 200)
  t.equal(responses(service).length, 2, 'the late response is not logged')
  const name =
    'http_request_duration_seconds_count{route="/users/:id/playlists",status="499",cache="none"}'
  t.equal((await metricsOf(service)).get(name), 1)
})

import t from 'tap'
import { authenticate, callersWith } from '../../src/http/authentication.ts'
import { createServer } from '../../src/http/create-server.ts'
import { callerLimit, limitCallers } from '../../src/http/rate-limit.ts'
import type { FixedWindowCount } from '../../src/lib/fixed-window.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { metricsOf } from '../support/metrics.ts'
import { seconds, startService } from '../support/service.ts'

const LIST = '/users/one/playlists'

t.test('every response says how many requests remain', async t => {
  const { get, clock, sandbox } = await startService(t, { CALLER_REQUESTS_PER_MINUTE: '3' })
  for (const [url, left] of [
    [LIST, 2],
    ['/v1/users/one/playlists', 1],
    [`${LIST}?limit=0`, 0],
  ] as const) {
    const { headers } = await get(url)
    t.equal(headers['ratelimit-policy'], '"caller";q=3;w=60')
    t.equal(headers.ratelimit, `"caller";r=${left};t=60`)
  }
  await clock.advance(seconds(17.5))
  const refused = await get('/users/two/playlists')
  t.match(refused.json(), {
    type: '/problems/caller-rate-limited',
    status: 429,
    detail: /3 requests/,
  })
  t.match(refused.headers, { ratelimit: '"caller";r=0;t=43', 'retry-after': '43' })
  t.equal(refused.headers['cache-control'], 'no-store')
  t.equal(sandbox.count('api'), 1, 'only the first request reached Spotify')
  await clock.advance(seconds(42.5))
  t.equal((await get(LIST)).headers.ratelimit, '"caller";r=2;t=60')
})

t.test('a 304 also says how many requests remain', async t => {
  const { get } = await startService(t, { CALLER_REQUESTS_PER_MINUTE: '3' })
  const { headers } = await get(LIST)
  const again = await get(LIST, { 'if-none-match': String(headers.etag) })
  t.equal(again.statusCode, 304)
  t.equal(again.headers.ratelimit, '"caller";r=1;t=60')
})

t.test("below /v1 the problem for a caller over the limit has Spotify's format", async t => {
  const { get } = await startService(t, { CALLER_REQUESTS_PER_MINUTE: '1' })
  await get('/v1/users/one/playlists')
  const refused = await get('/v1/users/one/playlists')
  t.match(refused.headers, { 'retry-after': '60', 'content-type': 'application/json' })
  t.strictSame(Object.keys(refused.json()), ['error'])
  t.match(refused.json(), { error: { status: 429 } })
})

t.test('health checks are exempt from the limit', async t => {
  const service = await startService(t, { CALLER_REQUESTS_PER_MINUTE: '1' })
  // The service is ready once it has a token.
  await service.get(LIST)
  for (const path of ['/health/live', '/health/ready']) {
    for (const _ of [1, 2, 3]) {
      const { statusCode, headers } = await service.get(path)
      t.equal(statusCode, 200, path)
      t.notOk('ratelimit' in headers)
    }
  }
})

t.test('open pages have a limit per address', async t => {
  const key = 'k'.repeat(32)
  const PATHS = [
    '/docs/',
    '/docs/static/swagger-ui.css',
    '/problems',
    '/problems/not-found',
    '/openapi.yaml',
    '/metrics',
  ]
  for (const variables of [{}, { API_KEYS: `a:${key}`, METRICS_OPEN: 'true' }]) {
    const { app } = await startService(t, {
      ...variables,
      CALLER_REQUESTS_PER_MINUTE: String(PATHS.length),
    })
    const ask = (url: string, remoteAddress: string, headers = {}) =>
      app.inject({ url, headers, remoteAddress })
    for (const [index, path] of PATHS.entries()) {
      const { statusCode, headers } = await ask(path, '192.0.2.1')
      t.equal(statusCode, 200, path)
      t.equal(headers.ratelimit, `"caller";r=${PATHS.length - 1 - index};t=60`)
    }
    for (const path of PATHS) {
      const refused = await ask(path, '192.0.2.1', { authorization: 'Bearer x' })
      t.match(refused.json(), { type: '/problems/caller-rate-limited', status: 429 }, path)
      t.equal(refused.headers['retry-after'], '60')
    }
    t.equal((await ask('/problems', '192.0.2.2')).statusCode, 200)
    t.equal((await ask('/health/live', '192.0.2.1')).statusCode, 200)
    const keyed = await ask(LIST, '192.0.2.1', { authorization: `Bearer ${key}` })
    t.equal(keyed.statusCode, 'API_KEYS' in variables ? 200 : 429)
  }
})

t.test('a request with too long an X-Forwarded-For is refused', async t => {
  const { get } = await startService(t, { TRUST_PROXY: '1', CALLER_REQUESTS_PER_MINUTE: '9' })
  for (const [proxies, status] of [
    [50, 200],
    [51, 431],
  ] as const) {
    const forwarded = { 'x-forwarded-for': Array(proxies).fill('192.0.2.1').join(', ') }
    t.equal((await get(LIST, forwarded)).statusCode, status)
    t.equal((await get('/problems', forwarded)).statusCode, status)
  }
})

t.test('each key has a separate limit, from any address', async t => {
  const [a, b] = ['a'.repeat(32), 'b'.repeat(32)]
  const service = await startService(t, {
    API_KEYS: `a:${a},b:${b}`,
    CALLER_REQUESTS_PER_MINUTE: '1',
  })
  const ask = async (key: string, remoteAddress: string) => {
    const headers = { authorization: `Bearer ${key}` }
    return (await service.app.inject({ url: LIST, headers, remoteAddress })).statusCode
  }
  t.equal(await ask(a, '192.0.2.1'), 200)
  t.equal(await ask(a, '192.0.2.2'), 429)
  t.equal(await ask(b, '192.0.2.1'), 200)
  t.equal(await ask('x', '192.0.2.1'), 401)
  const clock = service.clock
  await clock.advance(seconds(60))
  const metrics = await metricsOf(service, { authorization: `Bearer ${a}` })
  t.equal(metrics.get('callers_refused_total{reason="caller-rate-limited"}'), 1)
  t.equal(metrics.get('callers_refused_total{reason="unknown-api-key"}'), 1)
})

t.test(
  'without keys each address has a limit, and only trusted proxies can set another address',
  async t => {
    const forwarded = { 'x-forwarded-for': '198.51.100.1' }
    for (const [TRUST_PROXY, requests] of [
      [
        'false',
        [
          ['192.0.2.1', {}, 200],
          ['192.0.2.1', forwarded, 429],
          ['192.0.2.2', {}, 200],
        ],
      ],
      [
        '1',
        [
          ['192.0.2.1', {}, 200],
          ['192.0.2.1', forwarded, 200],
          ['192.0.2.2', forwarded, 429],
        ],
      ],
      [
        'false',
        [
          ['2001:db8::1', {}, 200],
          ['2001:db8::2', {}, 429],
          ['2001:db8:0:1::1', {}, 200],
        ],
      ],
    ] as const) {
      const { app } = await startService(t, { TRUST_PROXY, CALLER_REQUESTS_PER_MINUTE: '1' })
      for (const [remoteAddress, headers, status] of requests) {
        const response = await app.inject({ url: LIST, headers, remoteAddress })
        t.equal(response.statusCode, status, `${TRUST_PROXY} ${remoteAddress}`)
      }
    }
  },
)

t.test('a request waits for a shared count, and fails if the count fails', async t => {
  const counts: (FixedWindowCount | Error)[] = [
    { used: 1, leftMs: 900 },
    { used: 2, leftMs: 800 },
    new Error('gone'),
  ]
  const clock = new ManualClock()
  const { app } = createServer({
    basePath: '',
    clock,
    logger: recordingLogger().logger,
    observe: () => {},
  })
  t.teardown(() => app.close())
  authenticate(app, { findCaller: callersWith([], []), admins: [], alsoOpen: [] })
  const count = async () => {
    const next = counts.shift()
    if (next instanceof Error) throw next
    return next as FixedWindowCount
  }
  limitCallers(app, { count }, callerLimit(1, clock))
  app.get('/', async () => 'ok')
  const statuses = []
  for (const _ of [1, 2, 3]) statuses.push((await app.inject('/')).statusCode)
  t.same(statuses, [200, 429, 500])
})

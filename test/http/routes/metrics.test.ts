import { spawnSync } from 'node:child_process'
import t from 'tap'
import { playlist } from '../../../sandbox/playlist.ts'
import { buildApp } from '../../../src/app.ts'
import { collectProcessMetrics } from '../../../src/monitoring/process-metrics.ts'
import { configFor } from '../../support/config.ts'
import { recordingLogger } from '../../support/log-lines.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { metricsOf, some } from '../../support/metrics.ts'
import { seconds, startService } from '../../support/service.ts'

const LIST = '/users/smedjan/playlists'
const DURATION = 'http_request_duration_seconds_count'

t.test('responses are counted by route, status and cache result', async t => {
  const service = await startService(t)
  const { get, clock, quiet, sandbox } = service
  await Promise.all([get(LIST), get(LIST)])
  await get(LIST, { accept: 'image/png' })
  for (const _ of [1, 2, 3]) await get('/users/smedjan/playlists?limit=1')
  await clock.advance(seconds(301))
  await get(LIST)
  await quiet()
  await get(LIST, { 'cache-control': 'max-age=0' })
  await clock.advance(seconds(11))
  await get(LIST, { 'cache-control': 'no-cache' })
  sandbox.fault({ on: 'api', answer: 'server-error' })
  await clock.advance(seconds(3901))
  await clock.runUntil(get(LIST))
  await clock.runUntil(get('/users/other/playlists'))
  await get('/nowhere')
  await get('/users/%zz/playlists')
  const route = 'route="/users/:id/playlists"'
  const expected = {
    [`${DURATION}{${route},status="200",cache="miss"}`]: 2,
    [`${DURATION}{${route},status="406",cache="none"}`]: 1,
    [`${DURATION}{${route},status="200",cache="hit"}`]: 4,
    [`${DURATION}{${route},status="200",cache="stale"}`]: 1,
    [`${DURATION}{${route},status="200",cache="revalidated"}`]: 1,
    [`${DURATION}{${route},status="200",cache="stale-if-error"}`]: 1,
    [`${DURATION}{${route},status="503",cache="failed"}`]: 1,
    [`${DURATION}{route="unknown",status="404",cache="none"}`]: 1,
    [`${DURATION}{route="unknown",status="400",cache="none"}`]: 1,
    'cache_lookups_total{result="hit"}': 4,
    'cache_lookups_total{result="stale"}': 1,
    'cache_lookups_total{result="miss"}': 2,
    'cache_lookups_total{result="revalidated"}': 1,
    'cache_lookups_total{result="stale-if-error"}': 1,
    'cache_lookups_total{result="failed"}': 1,
    cache_collapsed_total: 1,
    cache_entries: 1,
    cache_max_bytes: 268_435_456,
    'caller_requests_total{caller="anonymous"}': 12,
  }
  const metrics = await metricsOf(service)
  t.same(some(metrics, expected), expected)
  t.ok(Number(metrics.get('cache_bytes')) > 50_000)
})

t.test('requests to Spotify and their retries are counted by kind and outcome', async t => {
  const service = await startService(t, { SPOTIFY_DAILY_BUDGET: '1000' })
  const { app, get, clock, sandbox } = service
  await app.ready()
  await get(LIST)
  for (const answer of [
    'not-found',
    'server-error',
    'html',
    'rate-limited',
    'forbidden',
  ] as const) {
    sandbox.fault({ on: 'api', times: 1, answer })
    await clock.runUntil(get(`/users/${answer}/playlists`))
    await clock.advance(seconds(600))
  }
  sandbox.revokeTokens()
  await get('/users/renewed/playlists')
  const expected = {
    // One request is the probe after the denial.
    'spotify_requests_total{kind="page",outcome="ok"}': 6,
    'spotify_requests_total{kind="page",outcome="not-found"}': 1,
    'spotify_requests_total{kind="page",outcome="unavailable"}': 1,
    'spotify_requests_total{kind="page",outcome="bad-response"}': 1,
    'spotify_requests_total{kind="page",outcome="rate-limited"}': 1,
    'spotify_requests_total{kind="page",outcome="denied"}': 1,
    'spotify_requests_total{kind="page",outcome="unauthorized"}': 1,
    'spotify_requests_total{kind="page",outcome="cancelled"}': 0,
    'spotify_requests_total{kind="token",outcome="ok"}': 3,
    'spotify_request_duration_seconds_count{kind="page"}': 12,
    'spotify_request_duration_seconds_count{kind="token"}': 3,
    'token_renewals_total{grant="client_credentials",outcome="ok"}': 3,
    spotify_retries_total: 1,
    spotify_requests_24h: 12,
    spotify_budget: 1000,
    spotify_in_flight: 0,
    spotify_queued: 0,
  }
  t.same(some(await metricsOf(service), expected), expected)
})

t.test(
  'a request cancelled by the service after another page has failed counts as cancelled',
  async t => {
    const service = await startService(t)
    const { get, sandbox, clock, quiet } = service
    sandbox.fault({ on: 'api', offset: 50, answer: 'hang' })
    sandbox.fault({ on: 'api', offset: 100, answer: 'html' })
    await clock.runUntil(get(LIST))
    await quiet()
    const expected = {
      'spotify_requests_total{kind="page",outcome="cancelled"}': 1,
      'spotify_requests_total{kind="page",outcome="bad-response"}': 1,
    }
    t.same(some(await metricsOf(service), expected), expected)
  },
)

t.test('the metrics show the token, the gate state and the reasons', async t => {
  const service = await startService(t, { SPOTIFY_DAILY_BUDGET: '2' })
  const { app, get, clock, sandbox } = service
  const expect = async (expected: Record<string, number>) =>
    t.same(some(await metricsOf(service), expected), expected)
  await app.ready()
  await get('/users/one/playlists')
  await expect({
    'gate_state{state="open"}': 1,
    'gate_state{state="paused"}': 0,
    'gate_reason{reason="spotify-rate-limited"}': 0,
    'gate_reason{reason="quota-budget-spent"}': 0,
    gate_paused_until_timestamp_seconds: 0,
    token_expires_timestamp_seconds: clock.now() / 1000 + 3600,
    draining: 0,
  })
  sandbox.fault({ on: 'api', times: 1, answer: 'rate-limited' })
  await get('/users/two/playlists')
  await expect({
    'gate_state{state="open"}': 0,
    'gate_state{state="paused"}': 1,
    'gate_reason{reason="spotify-rate-limited"}': 1,
    'gate_reason{reason="quota-budget-spent"}': 1,
    gate_paused_until_timestamp_seconds: clock.now() / 1000 + 3,
  })
  sandbox.fault({ on: 'token', answer: 'invalid-client' })
  await clock.advance(seconds(3600))
  await get('/users/three/playlists')
  const metrics = await metricsOf(service)
  t.equal(metrics.get('gate_reason{reason="spotify-credentials-rejected"}'), 1)
  t.equal(metrics.get('token_expires_timestamp_seconds'), 0)
  t.ok(
    Number(metrics.get('token_renewals_total{grant="client_credentials",outcome="rejected"}')) > 0,
  )
})

t.test('evicted lists are counted', async t => {
  const service = await startService(t, { CACHE_MAX_BYTES: '1048576' })
  for (let user = 0; user < 12; user++) {
    const list = Array.from({ length: 100 }, (_, index) => playlist(`u${user}`, index))
    service.sandbox.setUser(`u${user}`, list)
    await service.get(`/users/u${user}/playlists`)
  }
  const metrics = await metricsOf(service)
  const [entries, evictions] = ['cache_entries', 'cache_evictions_total'].map(name =>
    metrics.get(name),
  )
  t.equal(Number(entries) + Number(evictions), 12)
  t.ok(Number(evictions) > 0)
})

t.test('the number of users does not change the number of series', async t => {
  const service = await startService(t)
  const ask = (from: number, to: number) =>
    Promise.all(
      Array.from({ length: to - from }, (_, index) =>
        service.get(`/users/u${from + index}/playlists`),
      ),
    )
  const names = async () => [...(await metricsOf(service)).keys()]
  await ask(0, 1)
  await names()
  const before = await names()
  for (let user = 1; user < 300; user += 100) await ask(user, Math.min(user + 100, 300))
  t.same(await names(), before)
  t.equal((await metricsOf(service)).get('cache_lookups_total{result="miss"}'), 300)
})

t.test('callers are counted by key name, and refused requests by reason', async t => {
  const key = 'k'.repeat(32)
  const service = await startService(t, { API_KEYS: `app:${key}` })
  const headers = { authorization: `Bearer ${key}` }
  await service.get(LIST, headers)
  await service.get(LIST)
  await service.get('/health/live')
  t.equal((await service.get('/metrics')).statusCode, 401)
  const expected = {
    'caller_requests_total{caller="app"}': 1,
    'callers_refused_total{reason="unknown-api-key"}': 2,
  }
  const metrics = await metricsOf(service, headers)
  t.same(some(metrics, expected), expected)
  t.notOk(metrics.has('caller_requests_total{caller="anonymous"}'))
})

t.test('METRICS_OPEN opens /metrics to everybody, and no other path', async t => {
  const { get } = await startService(t, { API_KEYS: `app:${'k'.repeat(32)}`, METRICS_OPEN: 'true' })
  const response = await get('/metrics')
  t.match(response.headers, {
    'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    'cache-control': 'no-store',
  })
  t.equal(response.statusCode, 200)
  t.equal((await get('/status')).statusCode, 401)
})

t.test('two services in one process count separately', async t => {
  const [one, other] = [await startService(t), await startService(t)]
  await one.get(LIST)
  const name = 'cache_lookups_total{result="miss"}'
  t.equal((await metricsOf(one)).get(name), 1)
  t.equal((await metricsOf(other)).get(name), 0)
})

const version = spawnSync('promtool', ['--version'])
const skip = version.error === undefined ? false : 'promtool (package prometheus) is not installed'

t.test('promtool accepts the metrics from a whole process', { skip }, async t => {
  const { sandbox } = await startService(t)
  const { logger } = recordingLogger()
  const config = await configFor(sandbox, { SPOTIFY_DAILY_BUDGET: '9' })
  const parts = {
    clock: new ManualClock(),
    random: () => 0,
    logger,
    processMetrics: collectProcessMetrics(() => 3),
  }
  const app = await buildApp(config, parts)
  t.teardown(() => app.close())
  for (const url of [LIST, LIST, '/x']) await app.inject({ url })
  const { body: input } = await app.inject({ url: '/metrics' })
  for (const name of ['nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes']) {
    t.match(input, `\n${name} `)
  }
  t.match(input, /\nplaylist_proxy_build_info\{version="\d[^"]+",node_version="v[^"]+"\} 1\n/)
  t.match(input, '\nplaylist_proxy_log_lines_dropped_total 3\n')
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input })
  t.equal(`${stdout}${stderr}`, '')
  t.equal(status, 0)
})

import t from 'tap'
import { seconds, startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

t.test('the status describes a healthy service', async t => {
  const { app, get, clock } = await startService(t, { SPOTIFY_DAILY_BUDGET: '1000' })
  await app.ready()
  await get('/users/smedjan/playlists')
  await get('/users/smedjan/playlists')
  const response = await get('/status')
  t.equal(response.headers['cache-control'], 'no-store')
  t.match(response.json(), {
    service: { version: /^\d/, started_at: '2026-11-23T00:00:00.000Z', draining: false },
    token: { state: 'valid', expires_at: '2026-11-23T01:00:00.000Z' },
    spotify: {
      gate: 'open',
      reason: null,
      paused_until: null,
      diagnosis: 'ok',
      remedy: null,
      requests_24h: 3,
      budget: 1000,
      in_flight: 0,
      queued: 0,
    },
    cache: { entries: 1, max_bytes: 268_435_456, hits: 1, stale_hits: 0, misses: 1, collapsed: 0 },
    shared_cache: { state: 'off' },
  })
  t.ok(response.json().cache.bytes > 50_000)
  await clock.advance(seconds(90_000))
  t.match((await get('/status')).json(), { spotify: { requests_24h: 0 } })
})

t.test('the status shows why a pause began, when it ends and what to do', async t => {
  for (const [answer, reason, pausedUntil, remedy] of [
    ['rate-limited', 'rate-limited', '2026-11-23T00:00:03.000Z', /CACHE_FRESH_SECONDS/],
    ['quota-exceeded', 'quota-exceeded', '2026-11-23T23:56:47.000Z', /developer account/],
    ['forbidden', 'endpoint-forbidden', '2026-11-23T00:05:00.000Z', /extended quota/],
    ['premium-required', 'premium-required', '2026-11-23T00:05:00.000Z', /Premium/],
    ['expired-token', 'access-denied', '2026-11-23T00:05:00.000Z', /dashboard/],
  ] as const) {
    await t.test(answer, async t => {
      const { get, sandbox, clock } = await startService(t)
      sandbox.fault({ on: 'api', answer })
      await get('/users/one/playlists')
      const paused = { paused_until: pausedUntil, diagnosis: reason, remedy, budget: null }
      const { spotify } = (await get('/status')).json()
      t.match(spotify, { ...paused, gate: 'paused', reason })
      await clock.advance(Date.parse(pausedUntil) - clock.now())
      const probing = (await get('/status')).json().spotify
      t.match(probing, { gate: 'probing', reason, paused_until: null })
      sandbox.clearFaults()
      t.equal((await get('/users/fifty/playlists')).statusCode, 200)
      t.match((await get('/status')).json().spotify, { gate: 'open', diagnosis: 'ok' })
    })
  }
})

t.test('without an app token, the status shows why the gate is paused', async t => {
  const { app, get, sandbox, clock } = await startService(t)
  const release = sandbox.hold('token')
  t.match((await get('/status')).json(), { token: { state: 'renewing', expires_at: null } })
  await app.ready()
  sandbox.fault({ on: 'token', answer: 'unavailable-text', times: 1 })
  release()
  await until(() => sandbox.requests[0]?.status === 503)
  await clock.advance(0)
  t.match((await get('/status')).json(), {
    token: { state: 'missing' },
    spotify: { gate: 'paused', reason: 'unavailable', paused_until: '2026-11-23T00:00:00.500Z' },
  })
  sandbox.fault({ on: 'token', answer: 'invalid-client' })
  await clock.advance(seconds(1))
  await until(() => sandbox.requests[1]?.status === 400)
  await clock.advance(0)
  t.match((await get('/status')).json(), {
    token: { state: 'rejected', expires_at: null },
    spotify: {
      gate: 'paused',
      reason: 'credentials-rejected',
      paused_until: '2026-11-23T00:01:00.500Z',
      diagnosis: 'credentials-rejected',
      remedy: /SPOTIFY_CLIENT_SECRET/,
    },
  })
  sandbox.clearFaults()
  await clock.advance(seconds(60))
  await until(() => sandbox.requests[2]?.status === 200)
  await clock.advance(0)
  t.match((await get('/status')).json(), {
    spotify: { gate: 'open', reason: null, paused_until: null, diagnosis: 'ok' },
  })
})

t.test('the service logs on start that Spotify rejects the credentials', async t => {
  const { app, sandbox, lines } = await startService(t)
  sandbox.fault({ on: 'token', answer: 'invalid-client' })
  await app.ready()
  await until(() => lines().length > 0)
  t.match(lines(), [
    {
      level: 'error',
      diagnosis: 'credentials-rejected',
      remedy: /SPOTIFY_CLIENT_ID/,
      msg: 'app token renewal failed',
    },
  ])
})

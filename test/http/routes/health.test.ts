import t from 'tap'
import type { AnswerName } from '../../../sandbox/answers.ts'
import { seconds, startService } from '../../support/service.ts'
import { until } from '../../support/until.ts'

const WITHOUT_TOKEN: AnswerName[] = [
  'token-html',
  'token-without-access-token',
  'not-found',
  'redirect',
  'rate-limited',
  'server-error',
  'reset',
]

t.test('the service is alive during a Spotify outage', async t => {
  const { get, sandbox } = await startService(t)
  sandbox.fault({ on: 'token', answer: 'server-error' })
  const { statusCode, headers, body } = await get('/health/live')
  t.match({ statusCode, body }, { statusCode: 200, body: '{"status":"alive"}' })
  t.equal(headers['cache-control'], 'no-store')
})

t.test('the service is ready once it has a token', async t => {
  const { app, get, sandbox } = await startService(t)
  const release = sandbox.hold('token')
  await app.ready()
  await sandbox.arrived('token', 1)
  const early = await get('/health/ready')
  t.match(early.json(), { type: '/problems/spotify-unavailable', status: 503 })
  release()
  await get('/users/one/playlists')
  t.equal(early.headers['cache-control'], 'no-store')
  const { statusCode, headers, body } = await get('/health/ready')
  t.match({ statusCode, body }, { statusCode: 200, body: '{"status":"ready"}' })
  t.equal(headers['cache-control'], 'no-store')
})

t.test('rejected credentials make the service unready only while the cache is empty', async t => {
  const { app, get, sandbox, clock } = await startService(t)
  sandbox.fault({ on: 'token', answer: 'invalid-client' })
  await app.ready()
  await until(() => sandbox.requests[0]?.status === 400)
  const rejected = await get('/users/one/playlists')
  t.match(rejected.json(), { type: '/problems/spotify-credentials-rejected', status: 503 })
  t.equal(rejected.headers['retry-after'], '60')
  t.match((await get('/health/ready')).json(), { type: '/problems/spotify-credentials-rejected' })

  sandbox.clearFaults()
  await clock.advance(seconds(60))
  await sandbox.arrived('token', 2)
  t.equal((await get('/users/one/playlists')).statusCode, 200)
  sandbox.fault({ on: 'token', answer: 'invalid-client' })
  await clock.advance(seconds(3600))
  t.equal((await get('/health/ready')).statusCode, 200)
})

t.test('a cached 404 does not make the service ready', async t => {
  const { app, get, sandbox, clock } = await startService(t, { CACHE_NEGATIVE_SECONDS: '86400' })
  await app.ready()
  sandbox.fault({ on: 'api', answer: 'not-found' })
  t.equal((await get('/users/nobody/playlists')).statusCode, 404)
  sandbox.fault({ on: 'token', answer: 'invalid-client' })
  await clock.advance(seconds(3600))
  await until(() => sandbox.requests.at(-1)?.status === 400)
  // The token is still valid for less than a minute after the renewal has failed.
  await clock.advance(seconds(60))
  t.match((await get('/health/ready')).json(), { type: '/problems/spotify-credentials-rejected' })
  t.equal((await get('/users/nobody/playlists')).statusCode, 404, 'the cached 404 is still served')
})

t.test('without a token the service is unready with 503, whatever the cause', async t => {
  for (const answer of WITHOUT_TOKEN) {
    await t.test(answer, async t => {
      const { get, sandbox, clock } = await startService(t)
      sandbox.fault({ on: 'token', answer })
      const lookup = await clock.runUntil(get('/users/one/playlists'))
      const { statusCode, headers, body } = await get('/health/ready')
      t.equal(statusCode, 503)
      t.match(JSON.parse(body), { status: 503, detail: lookup.json().detail })
      t.equal(headers['retry-after'], lookup.headers['retry-after'])
    })
  }
})

import { readFileSync } from 'node:fs'
import t from 'tap'
import { UnknownUser } from '../../src/playlists/cached-playlists.ts'
import { encodeEntry } from '../../src/playlists/entry-codec.ts'
import { Problem } from '../../src/problems/problem.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { metricsOf } from '../support/metrics.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import {
  eventually,
  startOwnRedis,
  startRedis,
  withoutOwnRedis,
  withoutRedis,
} from '../support/valkey.ts'

const LIST = '/users/smedjan/playlists'
/** Redis expires keys by its own clock. */
const clockOfRedis = () => new ManualClock(Date.now())
const keyOf = (user: string) => `playlist-proxy:entry:${user}`

t.test('replicas that share Redis fetch a list once', { skip: withoutRedis }, async t => {
  const { url, client } = await startRedis(t)
  const variables = { SHARED_CACHE_URL: url }
  const first = await startService(t, variables, clockOfRedis())
  const fetched = await first.get(LIST)
  t.equal(fetched.statusCode, 200)
  // The service stores the list after the response.
  await eventually(async () => (await client.exists(keyOf('smedjan'))) === 1)
  const second = await startService(t, variables, clockOfRedis())
  const response = await second.get(LIST)
  t.equal(response.body, fetched.body)
  t.equal(response.headers.etag, fetched.headers.etag)
  t.match(response.headers['cache-status'], /^playlist-proxy; hit/)
  t.equal(second.sandbox.count('api'), 0)
  t.match((await second.get('/status')).json(), {
    shared_cache: { state: 'connected' },
    spotify: { requests_24h: 3 },
  })
})

t.test("replicas share a caller's limit", { skip: withoutRedis }, async t => {
  const { url } = await startRedis(t)
  const variables = { SHARED_CACHE_URL: url, CALLER_REQUESTS_PER_MINUTE: '2' }
  const first = await startService(t, variables, clockOfRedis())
  const second = await startService(t, variables, clockOfRedis())
  t.match((await first.get(LIST)).headers.ratelimit, /^"caller";r=1;/)
  t.match((await second.get(LIST)).headers.ratelimit, /^"caller";r=0;/)
  t.equal((await first.get(LIST)).statusCode, 429)
})

t.test(
  'the ACL user in docs/operating.md can run every command used by the service',
  { skip: withoutOwnRedis },
  async t => {
    const [, rights = ''] =
      /ACL SETUSER playlist-proxy (.*)/.exec(readFileSync('docs/operating.md', 'utf8')) ?? []
    const { url, client } = await startOwnRedis(t)
    await client.acl('SETUSER', 'playlist-proxy', ...rights.replaceAll("'", '').split(' '))
    const login = { username: 'playlist-proxy', password: 'PASSWORD' }
    const { get, sandbox } = await startService(
      t,
      {
        SHARED_CACHE_URL: Object.assign(new URL(url), login).href,
        SPOTIFY_DAILY_BUDGET: '100',
        CALLER_REQUESTS_PER_MINUTE: '100',
      },
      clockOfRedis(),
    )
    t.equal((await get(LIST)).statusCode, 200)
    sandbox.fault({ on: 'api', answer: 'quota-exceeded' })
    t.equal((await get('/users/one/playlists')).statusCode, 503)
    const kinds = ['caller', 'entry', 'gate', 'request-counts']
    await eventually(async () => {
      const keys = await client.keys('*')
      return kinds.every(kind => keys.some(key => key.startsWith(`playlist-proxy:${kind}:`)))
    })
    const metrics = await metricsOf({ get })
    const failures = [...metrics].filter(([name]) => name.startsWith('shared_cache_failures'))
    t.ok(failures.length > 0)
    t.ok(failures.every(([, value]) => value === 0))
    t.match((await get('/status')).json(), { shared_cache: { state: 'connected' } })
    t.same(await client.call('ACL', 'LOG'), [])
  },
)

t.test("a list in Redis under another user's key is ignored", { skip: withoutRedis }, async t => {
  const { url, client } = await startRedis(t)
  const { get, clock, sandbox } = await startService(t, { SHARED_CACHE_URL: url }, clockOfRedis())
  const later = clock.now() + 60_000
  const instants = {
    generatedAt: clock.now(),
    freshUntil: later,
    staleWhileRevalidateUntil: later,
    staleIfErrorUntil: later,
  }
  const body = new UnknownUser(new Problem('user-not-found', 'x'))
  const entry = await encodeEntry('somebody-else', { body, ...instants })
  await client.hset(keyOf('smedjan'), { generated_at: clock.now(), entry })
  t.match((await get(LIST)).json(), { total: 120 })
  t.equal(sandbox.count('api'), 3)
  t.match(
    (await get('/metrics')).body,
    /shared_cache_failures_total\{operation="entry_get",reason="rubbish"\} [12]\n/,
  )
})

t.test('the service works without a reachable Redis', async t => {
  const { get, lines } = await startService(t, { SHARED_CACHE_URL: 'redis://127.0.0.1:1' })
  t.equal((await get(LIST)).statusCode, 200)
  t.match((await get('/status')).json(), { shared_cache: { state: 'degraded' } })
  t.match(await get('/metrics'), { body: /shared_cache_state\{state="degraded"\} 1\n/ })
  t.equal(lines().filter(({ msg }) => /shared cache/.test(String(msg))).length, 1)
})

t.test(
  'a hanging Redis does not delay shutdown beyond the limit',
  { skip: withoutOwnRedis },
  async t => {
    const server = await startOwnRedis(t)
    const variables = { SHARED_CACHE_URL: server.url, SHARED_CACHE_TIMEOUT_MS: '60000' }
    const { app, clock } = await startService(t, variables, clockOfRedis())
    await app.ready()
    server.stop()
    let isClosed = false
    const closing = app.close().then(() => {
      isClosed = true
    })
    await until(() => clock.pending.includes(6800))
    await clock.advance(6799)
    t.notOk(isClosed, 'the final count may still reach Redis')
    await clock.advance(1)
    await closing
    server.resume()
  },
)

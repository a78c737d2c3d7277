import t from 'tap'
import { UnknownUser } from '../../src/playlists/cached-playlists.ts'
import { encodeEntry } from '../../src/playlists/entry-codec.ts'
import { Problem } from '../../src/problems/problem.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import {
  eventually,
  startEngine,
  startOwnEngine,
  withoutEngine,
  withoutOwnEngine,
} from '../support/valkey.ts'

const LIST = '/users/smedjan/playlists'
/** The engine drops what has expired by its own clock. */
const clockOfEngine = () => new ManualClock(Date.now())
const keyOf = (user: string) => `playlist-proxy:entry:${user}`

t.test('services that share an engine ask Spotify as one', { skip: withoutEngine }, async t => {
  const { url, client } = await startEngine(t)
  const variables = { SHARED_CACHE_URL: url }
  const first = await startService(t, variables, clockOfEngine())
  const asked = await first.get(LIST)
  t.equal(asked.statusCode, 200)
  // The list is handed over behind the answer.
  await eventually(async () => (await client.exists(keyOf('smedjan'))) === 1)
  const second = await startService(t, variables, clockOfEngine())
  const answer = await second.get(LIST)
  t.equal(answer.body, asked.body)
  t.equal(answer.headers.etag, asked.headers.etag)
  t.match(answer.headers['cache-status'], /^playlist-proxy; hit/)
  t.equal(second.sandbox.count('api'), 0)
  t.match((await second.get('/status')).json(), {
    shared_cache: { state: 'connected' },
    spotify: { requests_24h: 3 },
  })
})

t.test('callers are counted by all of them together', { skip: withoutEngine }, async t => {
  const { url } = await startEngine(t)
  const variables = { SHARED_CACHE_URL: url, CALLER_REQUESTS_PER_MINUTE: '2' }
  const first = await startService(t, variables, clockOfEngine())
  const second = await startService(t, variables, clockOfEngine())
  t.match((await first.get(LIST)).headers.ratelimit, /^"caller";r=1;/)
  t.match((await second.get(LIST)).headers.ratelimit, /^"caller";r=0;/)
  t.equal((await first.get(LIST)).statusCode, 429)
})

t.test(
  'a list under the name of another user is not believed',
  { skip: withoutEngine },
  async t => {
    const { url, client } = await startEngine(t)
    const { get, clock, sandbox } = await startService(
      t,
      { SHARED_CACHE_URL: url },
      clockOfEngine(),
    )
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
  },
)

t.test('a service whose engine cannot be reached goes on alone', async t => {
  const { get, lines } = await startService(t, { SHARED_CACHE_URL: 'redis://127.0.0.1:1' })
  t.equal((await get(LIST)).statusCode, 200)
  t.match((await get('/status')).json(), { shared_cache: { state: 'degraded' } })
  t.match(await get('/metrics'), { body: /shared_cache_state\{state="degraded"\} 1\n/ })
  t.equal(lines().filter(({ msg }) => /shared cache/.test(String(msg))).length, 1)
})

t.test('an engine that hangs does not hold up the end', { skip: withoutOwnEngine }, async t => {
  const engine = await startOwnEngine(t)
  const variables = { SHARED_CACHE_URL: engine.url, SHARED_CACHE_TIMEOUT_MS: '60000' }
  const { app, clock } = await startService(t, variables, clockOfEngine())
  await app.ready()
  engine.stop()
  let isClosed = false
  const closing = app.close().then(() => {
    isClosed = true
  })
  await until(() => clock.pending.includes(6800))
  await clock.advance(6799)
  t.notOk(isClosed, 'what it has to be told may still reach it')
  await clock.advance(1)
  await closing
  engine.resume()
})

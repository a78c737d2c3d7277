import t from 'tap'
import { seconds, startService } from '../support/service.ts'

t.test('1000 concurrent lookups for a user share a single fetch and token', async t => {
  const { app, get, sandbox } = await startService(t)
  await app.ready()
  const answers = await Promise.all(
    Array.from({ length: 1000 }, () => get('/users/smedjan/playlists')),
  )
  t.ok(answers.every(({ statusCode, body }) => statusCode === 200 && body === answers[0]?.body))
  t.equal(sandbox.count('api'), 3)
  t.equal(sandbox.count('token'), 1)
})

t.test('many concurrent lookups cause no warnings', async t => {
  const { get, sandbox } = await startService(t)
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const users = Array.from({ length: 30 }, (_, index) => `user${index}`)
  await Promise.all(users.map(user => get(`/users/${user}/playlists`)))
  await new Promise(resolve => setImmediate(resolve))
  t.equal(sandbox.count('api'), 30)
  t.same(warnings, [])
})

t.test('a queued lookup past the deadline is never sent', async t => {
  const { get, sandbox, clock } = await startService(t, {
    SPOTIFY_CONCURRENCY: '1',
    SPOTIFY_TIMEOUT_MS: '60000',
  })
  const release = sandbox.hold('api')
  const first = get('/users/one/playlists')
  await sandbox.arrived('api', 1)
  const queued = get('/users/fifty/playlists')
  await clock.advance(0)
  await clock.advance(seconds(9))
  const late = get('/users/empty/playlists')
  await clock.advance(0)
  await clock.advance(seconds(7))
  t.match((await first).json(), { type: '/problems/deadline-exceeded' })
  t.match((await queued).json(), { type: '/problems/deadline-exceeded' })
  release()
  t.equal((await clock.runUntil(late)).statusCode, 200)
  t.notOk(sandbox.requests.some(({ userId }) => userId === 'fifty'))
})

t.test('a disconnecting caller does not affect other callers waiting for the lookup', async t => {
  const { app, sandbox } = await startService(t)
  const url = `${await app.listen({ port: 0 })}/users/smedjan/playlists`
  const release = sandbox.hold('api')
  const leaving = new AbortController()
  const left = fetch(url, { signal: leaving.signal })
  await sandbox.arrived('api', 1)
  const staying = fetch(url)
  leaving.abort()
  await t.rejects(left)
  release()
  const response = (await (await staying).json()) as { items: unknown[] }
  t.equal(response.items.length, 120)
  t.equal(sandbox.count('api'), 3)
})

t.test(
  'a lookup past the deadline fails, and the list still arrives for the next lookup',
  async t => {
    const { get, sandbox, clock, quiet } = await startService(t, { SPOTIFY_TIMEOUT_MS: '60000' })
    const release = sandbox.hold('api')
    const waiting = get('/users/one/playlists')
    await sandbox.arrived('api', 1)
    await clock.advance(seconds(15))
    t.match((await waiting).json(), { type: '/problems/deadline-exceeded', status: 504 })
    release()
    await quiet()
    t.equal((await get('/users/one/playlists')).statusCode, 200)
    t.equal(sandbox.count('api'), 1)
  },
)

t.test('the last fifth of the budget is for users without a usable cached list', async t => {
  const { get, sandbox, clock } = await startService(t, { SPOTIFY_DAILY_BUDGET: '5' })
  for (const user of ['one', 'fifty', 'two', 'three']) await get(`/users/${user}/playlists`)
  t.equal(sandbox.count('api'), 4)
  await clock.advance(seconds(300 + 3600))
  const stale = await get('/users/one/playlists')
  t.equal(stale.statusCode, 200)
  t.match(stale.headers['cache-status'], /ttl=-\d+; detail=quota-budget-spent/)
  t.equal((await get('/users/empty/playlists')).statusCode, 200)
  t.equal(sandbox.count('api'), 5)
  t.match((await get('/users/four/playlists')).json(), { type: '/problems/quota-budget-spent' })
})

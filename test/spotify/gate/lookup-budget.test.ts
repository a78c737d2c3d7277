import t from 'tap'
import { seconds, startService } from '../../support/service.ts'

t.test('a list too long for the budget costs a single request', async t => {
  const { get, sandbox, clock } = await startService(t, { SPOTIFY_DAILY_BUDGET: '30' })
  for (let asked = 0; asked < 3; asked++) {
    const refused = await get('/users/collector/playlists')
    t.match(refused.json(), {
      type: '/problems/quota-budget-spent',
      detail: /takes 40 requests to Spotify, more than SPOTIFY_DAILY_BUDGET/,
    })
    t.equal(refused.headers['retry-after'], String(86_400 - asked * 60))
    await clock.advance(seconds(60))
  }
  t.equal(sandbox.count('api'), 1)
  t.equal((await get('/users/one/playlists')).statusCode, 200, 'the rest is for other users')
  t.match((await get('/status', { accept: 'application/json' })).json(), {
    spotify: { requests_24h: 2 },
  })
})

t.test('a list larger than the remaining budget is fetched once all pages fit', async t => {
  const { get, sandbox, clock } = await startService(t, { SPOTIFY_DAILY_BUDGET: '4' })
  await get('/users/one/playlists')
  await get('/users/fifty/playlists')
  const refused = await get('/users/smedjan/playlists')
  t.match(refused.json(), { detail: /takes 3 requests to Spotify, more than are left of the 4/ })
  t.equal(sandbox.count('api'), 3)
  await clock.advance(seconds(Number(refused.headers['retry-after'])))
  t.equal((await get('/users/smedjan/playlists')).statusCode, 200)
  t.equal(sandbox.count('api'), 6)
})

t.test(
  'a revalidation beyond the budget sends no request, and the stale list is still served',
  async t => {
    const { get, sandbox, clock, quiet } = await startService(t, { SPOTIFY_DAILY_BUDGET: '5' })
    await get('/users/smedjan/playlists')
    await clock.advance(seconds(300 + 60))
    t.equal((await get('/users/smedjan/playlists')).statusCode, 200)
    await quiet()
    t.equal(sandbox.count('api'), 3)
  },
)

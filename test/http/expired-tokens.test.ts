import t from 'tap'
import { seconds, startService } from '../support/service.ts'

t.test('an expired token is renewed once for all pages with a 401', async t => {
  const { get, sandbox } = await startService(t)
  await get('/users/one/playlists')
  sandbox.revokeTokens()
  t.match((await get('/users/collector/playlists')).json(), { total: 2000, complete: true })
  t.equal(sandbox.count('token'), 2)
  t.equal(sandbox.count('api'), 1 + 40 + 1)
})

t.test('the lookup fails if the token expires and a page has no attempts left', async t => {
  const { get, sandbox, clock } = await startService(t)
  await get('/users/fifty/playlists')
  sandbox.fault({ on: 'api', times: 2, answer: 'unavailable-html' })
  sandbox.revokeTokens()
  const failed = await clock.runUntil(get('/users/one/playlists'))
  t.match(failed.json(), { type: '/problems/spotify-unavailable', detail: /has replaced/ })
  t.equal(sandbox.count('api'), 1 + 3)
  t.equal(sandbox.count('token'), 2)
  await clock.advance(seconds(Number(failed.headers['retry-after'])))
  t.equal((await get('/users/one/playlists')).statusCode, 200)
  t.equal(sandbox.count('token'), 2)
})

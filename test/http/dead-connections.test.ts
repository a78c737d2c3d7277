import type { Socket } from 'node:net'
import t from 'tap'
import { type Answer, rateLimited } from '../../sandbox/answers.ts'
import { seconds, startService } from '../support/service.ts'

/** The list for the user `long` has eight pages after the first. */
const PAGES = 9
const die: Answer = ({ socket }) => socket.resetAndDestroy()

/** A service with pooled Spotify connections, all of which die at the next request. */
async function withDeadConnections(
  t: Parameters<typeof startService>[0],
  variables?: Record<string, string>,
) {
  const service = await startService(t, variables)
  const { sandbox, clock, get } = service
  sandbox.setUser('long', [...(sandbox.user('collector') ?? [])].slice(0, PAGES * 50))
  const before = await get('/users/long/playlists')
  await clock.advance(seconds(301))
  sandbox.clear()
  sandbox.fault({ on: 'api', match: ({ isReused }) => isReused, answer: die })
  return { ...service, before }
}

t.test('a lookup succeeds although all pooled connections are dead', async t => {
  const { get, sandbox, quiet, before, lines } = await withDeadConnections(t)
  const refreshed = await get('/users/long/playlists', { 'cache-control': 'no-cache' })
  await quiet()
  t.equal(refreshed.statusCode, 200)
  t.equal(refreshed.body, before.body)
  t.match((await get('/status')).json(), {
    spotify: { gate: 'open', diagnosis: 'ok', requests_24h: PAGES + sandbox.count('api') },
  })
  t.match((await get('/metrics')).body, /playlist_proxy_spotify_retries_total 0\n/)
  t.same(
    lines().filter(({ level }) => ['warn', 'error', 'fatal'].includes(String(level))),
    [],
  )
})

t.test('a resent page counts twice', async t => {
  const budget = { SPOTIFY_DAILY_BUDGET: String(PAGES + 1) }
  const { get, sandbox } = await withDeadConnections(t, budget)
  const response = await get('/users/one/playlists')
  t.match(response.json(), { type: '/problems/quota-budget-spent' })
  t.equal(sandbox.count('api'), 1)
})

t.test('a page is not sent again while Spotify refuses requests', async t => {
  const { get, sandbox } = await withDeadConnections(t)
  const dying: Socket[] = []
  sandbox.fault({
    on: 'api',
    userId: 'one',
    match: ({ isReused }) => isReused,
    answer: ({ socket }) => dying.push(socket),
  })
  sandbox.fault({ on: 'api', userId: 'two', answer: rateLimited('60') })
  const lost = get('/users/one/playlists')
  await sandbox.arrived('api', 1)
  await get('/users/two/playlists')
  const sent = sandbox.count('api')
  for (const socket of dying) socket.resetAndDestroy()
  t.match((await lost).json(), { status: 502 })
  t.equal(sandbox.count('api'), sent)
})

import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { json } from '../../../sandbox/answers.ts'
import { seconds, startService } from '../../support/service.ts'

t.test('one response has every playlist from every page', async t => {
  const { get, sandbox } = await startService(t)
  for (const [user, total] of Object.entries({ empty: 0, one: 1, fifty: 50, fiftyone: 51 })) {
    sandbox.clear()
    const response = await get(`/users/${user}/playlists`)
    t.equal(response.statusCode, 200)
    t.match(response.headers, {
      'content-type': 'application/json; charset=utf-8',
      vary: /^Accept, Accept-Encoding$/,
      'content-length': String(response.rawPayload.length),
    })
    const { items, explanation, ...paging } = response.json()
    t.same(items, sandbox.user(user))
    t.same(paging, {
      href: `http://localhost:80/users/${user}/playlists`,
      limit: total,
      next: null,
      offset: 0,
      previous: null,
      total,
      complete: true,
    })
    t.equal(explanation !== undefined, total === 0)
    t.equal(sandbox.count('api'), Math.max(1, Math.ceil(total / 50)))
  }
})

t.test('2000 playlists cost 40 requests, and the second lookup none', async t => {
  const { get, sandbox } = await startService(t)
  const first = await get('/users/collector/playlists')
  t.equal(first.json().items.length, 2000)
  const pages = sandbox.requests.filter(({ kind }) => kind === 'api').map(({ path }) => path)
  t.same(
    pages.sort(),
    Array.from({ length: 40 }, (_, page) => {
      return `/v1/users/collector/playlists?limit=50&offset=${page * 50}`
    }).sort(),
  )
  const second = await get('/users/collector/playlists')
  t.equal(second.body, first.body)
  t.equal(sandbox.count('api'), 40)
  t.ok(sandbox.peakInFlight <= 8, 'within SPOTIFY_CONCURRENCY')
})

t.test('items and total exclude nulls', async t => {
  const { get, sandbox } = await startService(t)
  const response = (await get('/users/with-nulls/playlists')).json()
  const real = sandbox.user('with-nulls')?.filter(entry => entry !== null)
  t.same(response.items, real)
  t.match(response, { total: real?.length, limit: real?.length, complete: true })
  t.match((await get('/users/all-null/playlists')).json(), { items: [], total: 0, complete: true })
})

t.test('all spellings of a user id share one cached list', async t => {
  const { get, sandbox } = await startService(t)
  const ways = [
    '#mimble!',
    '#MIMBLE!',
    'spotify:user:%23mimble!',
    'spotify:user:%23mimble!:playlist:37i9dQZF1DX0XUsuxWHRQd',
    'https://open.spotify.com/user/%23mimble!?si=abc',
    'https://open.spotify.com/intl-de/user/%23mimble!/playlists',
  ]
  for (const way of ways) {
    const response = await get(`/users/${encodeURIComponent(way)}/playlists`)
    t.same(response.json().items, sandbox.user('#mimble!'), way)
    t.equal(response.json().href, 'http://localhost:80/users/%23mimble!/playlists')
  }
  t.equal(sandbox.count('api'), 1)
  t.equal(sandbox.requests.at(-1)?.path, '/v1/users/%23mimble!/playlists?limit=50&offset=0')
  for (const odd of ['abc+xyz', 'spotify_españa', 'max.kleinschmidt', '1112264649']) {
    const response = await get(`/users/${encodeURIComponent(odd)}/playlists`)
    t.same(response.json().items, sandbox.user(odd), odd)
  }
})

t.test('a window from the cached list costs no Spotify request', async t => {
  const { get, sandbox } = await startService(t)
  const whole = (await get('/users/smedjan/playlists')).json()
  sandbox.clear()
  const url = 'http://localhost:80/users/smedjan/playlists'
  const cases = [
    { query: '?limit=50', from: 0, to: 50, next: '?offset=50&limit=50', previous: null },
    {
      query: '?limit=50&offset=50',
      from: 50,
      to: 100,
      next: '?offset=100&limit=50',
      previous: '?offset=0&limit=50',
    },
    {
      query: '?limit=50&offset=100',
      from: 100,
      to: 120,
      next: null,
      previous: '?offset=50&limit=50',
    },
    { query: '?offset=119', from: 119, to: 120, next: null, previous: '?offset=0&limit=119' },
    { query: '?limit=9999', from: 0, to: 120, next: null, previous: null },
    {
      query: '?offset=500&limit=5',
      from: 120,
      to: 120,
      next: null,
      previous: '?offset=115&limit=5',
    },
    { query: '?limit=10&unknown=1', from: 0, to: 10, next: '?offset=10&limit=10', previous: null },
  ]
  for (const { query, from, to, next, previous } of cases) {
    const { items, ...paging } = (await get(`/users/smedjan/playlists${query}`)).json()
    t.same(items, whole.items.slice(from, to), query)
    t.match(paging, {
      limit: to - from,
      total: 120,
      next: next && url + next,
      previous: previous && url + previous,
      complete: true,
    })
  }
  t.equal(sandbox.count('api'), 0)
})

t.test('HEAD has the same headers as GET and no body', async t => {
  const { app, get } = await startService(t)
  const url = '/users/fiftyone/playlists'
  await get(url)
  const head = await app.inject({ method: 'HEAD', url })
  const { headers } = await get(url)
  t.equal(head.statusCode, 200)
  t.equal(head.body, '')
  const without = ({ date, 'x-request-id': id, ...rest }: Record<string, unknown>) => rest
  t.same(without(head.headers), without(headers))
})

t.test(
  'links begin with PUBLIC_URL, else with the Host and the scheme from a trusted proxy',
  async t => {
    const href = async (variables: Record<string, string>, headers: Record<string, string>) => {
      const { get } = await startService(t, variables)
      return (await get('/users/one/playlists', headers)).json().href
    }
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'lists.example' }
    const path = '/users/one/playlists'
    t.equal(
      await href({ PUBLIC_URL: 'https://a.example/base/' }, forwarded),
      `https://a.example/base${path}`,
    )
    const headers = { host: 'b.example', ...forwarded }
    t.equal(await href({ TRUST_PROXY: '1' }, headers), `https://b.example${path}`)
    t.equal(await href({}, headers), `http://b.example${path}`)
  },
)

t.test('a request without a host gets relative links', async t => {
  const { app } = await startService(t)
  await app.listen({ port: 0 })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET /users/empty/playlists HTTP/1.0\r\n\r\n')
  t.match(await text(socket), '"href":"/users/empty/playlists"')
})

t.test('an incomplete list is fresh for a minute only', async t => {
  const { get, sandbox, clock, quiet } = await startService(t)
  const page = { total: 3, items: sandbox.user('one') }
  sandbox.fault({ on: 'api', answer: json(200, page) })
  t.match((await get('/users/short/playlists')).json(), { total: 1, complete: false })
  await clock.advance(seconds(59))
  await get('/users/short/playlists')
  t.equal(sandbox.count('api'), 1)
  await clock.advance(seconds(1))
  t.match((await get('/users/short/playlists')).json(), { total: 1, complete: false })
  await quiet()
  await clock.advance(seconds(299))
  await get('/users/short/playlists')
  t.equal(sandbox.count('api'), 2, 'the revalidation confirmed the list')
})

t.test('a list miscounted by Spotify is marked as incomplete', async t => {
  const { get, sandbox, clock } = await startService(t)
  const [first] = sandbox.user('one') ?? []
  sandbox.setUser('twice', [first ?? null, first ?? null])
  t.match((await get('/users/twice/playlists')).json(), {
    items: [first],
    total: 1,
    complete: false,
  })
  t.equal(sandbox.count('api'), 2, 'two reads agree')
  await clock.advance(seconds(299))
  await get('/users/twice/playlists')
  t.equal(sandbox.count('api'), 2, 'so the list keeps its normal lifetime')
})

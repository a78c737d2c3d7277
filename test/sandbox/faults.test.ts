import t from 'tap'
import { answers, json } from '../../sandbox/answers.ts'
import { sandboxFor } from './support.ts'

const SMEDJAN = '/v1/users/smedjan/playlists'

t.test('a fault lasts until it is removed', async t => {
  const { sandbox, call, bearer } = await sandboxFor(t)
  const headers = await bearer()
  const statusOf = async (path = SMEDJAN) => (await call('GET', path, headers)).status
  const remove = sandbox.fault({ on: 'api', answer: 'server-error' })
  t.same([await statusOf(), await statusOf()], [500, 500])
  remove()
  t.equal(await statusOf(), 200)
  remove()
  t.equal(await statusOf(), 200, 'removing it twice does nothing')
})

t.test('faults have priority over token and path checks', async t => {
  const { sandbox, call } = await sandboxFor(t)
  sandbox.fault({ on: 'api', answer: 'bad-gateway' })
  t.equal((await call('GET', '/v1/nothing')).status, 502)
})

t.test('a fault with `times` removes itself after that many requests', async t => {
  const { sandbox, requestToken } = await sandboxFor(t)
  sandbox.fault({ on: 'token', times: 2, answer: 'unavailable-text' })
  const statuses: number[] = []
  for (let request = 0; request < 3; request++) statuses.push((await requestToken()).status)
  t.same(statuses, [503, 503, 200])
})

t.test('the newest matching fault has priority', async t => {
  const { sandbox, call, requestToken, bearer } = await sandboxFor(t)
  const headers = await bearer()
  sandbox.fault({ on: 'api', answer: 'server-error' })
  sandbox.fault({ on: 'api', times: 1, answer: 'bad-gateway' })
  sandbox.fault({ on: 'token', answer: 'token-html' })
  t.equal((await call('GET', SMEDJAN, headers)).status, 502)
  t.equal((await call('GET', SMEDJAN, headers)).status, 500)
  t.match((await requestToken()).text, '<html>')
  sandbox.clearFaults()
  t.equal((await call('GET', SMEDJAN, headers)).status, 200)
  t.equal((await requestToken()).status, 200)
})

t.test('a fault can match a user, a page or any other request property', async t => {
  const { sandbox, call, bearer } = await sandboxFor(t)
  const headers = await bearer()
  const statusOf = async (path: string) => (await call('GET', path, headers)).status
  const remove = sandbox.fault({
    on: 'api',
    userId: '#mimble!',
    offset: 50,
    answer: answers['not-found'],
  })
  t.equal(await statusOf('/v1/users/%23mimble!/playlists?limit=50&offset=50'), 404)
  t.equal(await statusOf('/v1/users/%23mimble!/playlists?limit=50'), 200)
  t.equal(await statusOf(`${SMEDJAN}?limit=50&offset=50`), 200)
  remove()
  sandbox.fault({
    on: 'api',
    match: ({ userId, offset, headers }) =>
      userId === 'smedjan' && offset === 0 && headers['x-odd'] === 'yes',
    answer: ({ request, ...context }) => json(418, { path: request.path })({ request, ...context }),
  })
  t.equal(await statusOf(SMEDJAN), 200)
  const odd = await call('GET', SMEDJAN, { ...headers, 'x-odd': 'yes' })
  t.same([odd.status, odd.json()], [418, { path: SMEDJAN }])
})

t.test('faults do not affect unknown paths, which are not found', async t => {
  const { sandbox, call } = await sandboxFor(t)
  sandbox.fault({ on: 'api', answer: 'server-error' })
  sandbox.fault({ on: 'token', answer: 'server-error' })
  t.equal((await call('GET', '/elsewhere')).status, 404)
  t.match(sandbox.requests, [{ kind: 'other', method: 'GET', path: '/elsewhere', status: 404 }])
})

import t from 'tap'
import { answers } from '../../sandbox/answers.ts'
import { defaultSwitches, SWITCH_NAMES, switchesReport } from '../../sandbox/switches.ts'
import { sandboxFor } from './support.ts'

const SMEDJAN = '/v1/users/smedjan/playlists'

t.test('reading the state does not change it', async t => {
  const { sandbox, control, call, token } = await sandboxFor(t)
  await token()
  await call('GET', SMEDJAN)
  await call('GET', '/authorize')
  await call('GET', '/elsewhere')
  await call('GET', '/_sandboxes')
  sandbox.fault({ on: 'token', answer: () => {}, grantType: 'refresh_token' })
  sandbox.fault({ on: 'api', answer: 'hang', times: 2, userId: 'one', offset: 50 })
  const { status, json } = await control('GET')
  t.equal(status, 200)
  const { users, ...state } = json()
  t.same(state, {
    requests: { token: 1, api: 1, authorize: 1, other: 2 },
    peak_in_flight: 1,
    faults: [
      { on: 'api', answer: 'hang', times_left: 2, user_id: 'one', offset: 50 },
      { on: 'token', answer: 'custom', times_left: null, grant_type: 'refresh_token' },
    ],
    answers: Object.keys(answers),
    latency_ms: 0,
    token_lifetime_seconds: 3600,
    ...switchesReport(defaultSwitches()),
  })
  t.ok(users.includes('spotify_españa'))
})

t.test('faults can be added and removed', async t => {
  const { control, call, bearer } = await sandboxFor(t)
  const headers = await bearer()
  const statusOf = async (path: string) => (await call('GET', path, headers)).status
  const post = async (fault: object) => (await control('POST', '/faults', fault)).status
  t.equal(await post({ on: 'api', answer: 'server-error' }), 204)
  t.equal(await post({ on: 'api', answer: 'not-found', times: 1 }), 204)
  t.equal(await post({ on: 'api', answer: 'bad-gateway', user_id: 'smedjan', offset: 100 }), 204)
  t.equal(await statusOf(`${SMEDJAN}?offset=100`), 502)
  t.equal(await statusOf(SMEDJAN), 404)
  t.equal(await statusOf(SMEDJAN), 500)
  t.equal((await control('DELETE', '/faults')).status, 204)
  t.equal(await statusOf(SMEDJAN), 200)
})

t.test('latency, token lifetime, requests, users and tokens can be changed', async t => {
  const { sandbox, control, call, bearer } = await sandboxFor(t)
  t.equal((await control('PATCH', '', { latency_ms: 1 })).status, 204)
  t.same([sandbox.latencyMs, sandbox.tokenLifetimeSeconds], [1, 3600])
  t.equal((await control('PATCH', '', { token_lifetime_seconds: 60 })).status, 204)
  t.same([sandbox.latencyMs, sandbox.tokenLifetimeSeconds], [1, 60])

  const headers = await bearer()
  t.equal((await control('PUT', '/users/%23new', { playlists: 77 })).status, 204)
  t.equal(sandbox.user('#new')?.length, 77)
  t.equal((await call('GET', '/v1/users/%23new/playlists', headers)).json().total, 77)
  sandbox.setUser('#new', [null])
  t.equal((await call('GET', '/v1/users/%23new/playlists', headers)).json().total, 1)

  t.equal((await control('POST', '/revoke-tokens')).status, 204)
  t.equal((await call('GET', SMEDJAN, headers)).status, 401)

  t.equal((await control('DELETE', '/requests')).status, 204)
  t.equal(sandbox.requests.length, 0)
})

t.test('each switch can be changed separately', async t => {
  const { sandbox, control } = await sandboxFor(t)
  const changes = {
    mode: 'development',
    redirect_uris: ['https://example.com/a', 'http://127.0.0.1:1/b', 'http://[::1]/'],
    unregistered: ['one'],
    signed_in: 'fifty',
    consent: 'deny',
    rotation: 'kill-old',
    extra_scope: 'playlist-read-private',
    empty_scope: 'absent',
    public_flag: 'always-true',
    leaks_private: true,
  }
  t.same(Object.keys(changes), SWITCH_NAMES)
  const expected = switchesReport(defaultSwitches())
  for (const [name, value] of Object.entries(changes)) {
    t.equal((await control('PATCH', '', { [name]: value })).status, 204, name)
    Object.assign(expected, { [name]: value })
    t.same(switchesReport(sandbox.switches), expected)
  }
})

t.test('the response to an invalid request explains the error', async t => {
  const { sandbox, control } = await sandboxFor(t)
  const fault = { on: 'api', answer: 'hang' }
  const cases: Array<[method: string, path: string, value: unknown, error: RegExp]> = [
    ['POST', '/faults', { answer: 'hang' }, /^on must be one of token, api$/],
    ['POST', '/faults', { on: 'web', answer: 'hang' }, /^on must be/],
    ['POST', '/faults', { on: 'api' }, /^answer must be one of expired-token, /],
    ['POST', '/faults', { on: 'api', answer: 'toString' }, /^answer must be/],
    ['POST', '/faults', { ...fault, times: 0 }, /^times must be a whole number from 1/],
    ['POST', '/faults', { ...fault, times: '1' }, /^times must be/],
    ['POST', '/faults', { ...fault, offset: -1 }, /^offset must be/],
    ['POST', '/faults', { ...fault, offset: 100_001 }, /^offset must be/],
    ['POST', '/faults', { ...fault, user_id: 7 }, /^user_id must be a string$/],
    ['POST', '/faults', { ...fault, userId: 'x' }, /^"userId" is not one of on, answer/],
    ['POST', '/faults', [fault], /^the body must be a JSON object$/],
    ['POST', '/faults', null, /^the body must be a JSON object$/],
    ['POST', '/faults', 'hang', /^the body must be a JSON object$/],
    ['POST', '/faults', undefined, /^the body is not JSON$/],
    ['PATCH', '', { latency_ms: 1.5 }, /^latency_ms must be a whole number from 0 to 600000$/],
    ['PATCH', '', { latency_ms: 5, token_lifetime_seconds: -1 }, /^token_lifetime_seconds must/],
    ['PATCH', '', { mode: 'other' }, /^mode must be one of extended, development$/],
    ['PATCH', '', { leaks_private: 'yes' }, /^leaks_private must be true or false$/],
    ['PATCH', '', { unregistered: 'smedjan' }, /^unregistered must be an array of strings$/],
    ['PATCH', '', { unregistered: [7] }, /^unregistered must be an array of strings$/],
    ['PATCH', '', { redirect_uris: ['callback'] }, /^callback is not a URI$/],
    ['PATCH', '', { redirect_uris: ['http://localhost:1/'] }, /neither https nor a loopback/],
    ['PATCH', '', { redirect_uris: ['http://example.com/'] }, /neither https nor a loopback/],
    ['POST', '/users/x/rename', {}, /^to is missing$/],
    ['PUT', '/users/x', {}, /^playlists is missing$/],
    ['PUT', '/users/x', { playlists: 100_001 }, /^playlists must be/],
    ['PUT', '/users/%zz', { playlists: 1 }, /^the user id is not percent-encoded UTF-8$/],
  ]
  for (const [method, path, value, error] of cases) {
    const { status, json } = await control(method, path, value)
    t.equal(status, 400, `${method} ${path} ${JSON.stringify(value)}`)
    t.match(json(), { error })
  }
  t.equal(sandbox.latencyMs, 0, 'an invalid request changes nothing')
  t.same((await control('GET')).json().faults, [])
  const large = await control('PATCH', '', { latency_ms: 'x'.repeat(20_000) })
  t.same([large.status, large.json()], [413, { error: 'the body is too large' }])
})

t.test('an unknown control endpoint is not found', async t => {
  const { sandbox, control } = await sandboxFor(t)
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/faults'],
    ['PUT', '/users/a/b'],
  ] as const) {
    const { status, json } = await control(method, path)
    t.equal(status, 404)
    t.same(json(), { error: `${method} /_sandbox${path} does not exist` })
  }
  t.equal(sandbox.requests.length, 0)
})

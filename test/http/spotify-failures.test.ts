import t from 'tap'
import { type AnswerName, json, status } from '../../sandbox/answers.ts'
import { seconds, startService } from '../support/service.ts'

/**
 * Each Spotify failure with the problem for a caller without a cached list and the cost in requests.
 * A denial costs one more request, the probe that shows whether it affects all users.
 */
const cases: {
  answer: AnswerName
  status: number
  type: string
  requests: number
  retryAfter?: string
  detail?: RegExp
}[] = [
  { answer: 'not-found', status: 404, type: 'user-not-found', requests: 1 },
  { answer: 'not-found-empty', status: 404, type: 'user-not-found', requests: 1 },
  {
    answer: 'forbidden',
    status: 502,
    type: 'spotify-access-denied',
    requests: 2,
    retryAfter: '300',
    detail: /endpoint-forbidden/,
  },
  {
    answer: 'premium-required',
    status: 502,
    type: 'spotify-access-denied',
    requests: 2,
    retryAfter: '300',
    detail: /premium-required/,
  },
  {
    answer: 'not-registered',
    status: 502,
    type: 'spotify-access-denied',
    requests: 2,
    retryAfter: '300',
    detail: /user-authentication-required/,
  },
  {
    answer: 'insufficient-scope',
    status: 502,
    type: 'spotify-access-denied',
    requests: 2,
    retryAfter: '300',
    detail: /user-authentication-required/,
  },
  {
    answer: 'user-authentication-required',
    status: 502,
    type: 'spotify-access-denied',
    requests: 3,
    retryAfter: '300',
    detail: /user-authentication-required/,
  },
  {
    answer: 'expired-token',
    status: 502,
    type: 'spotify-access-denied',
    requests: 3,
    retryAfter: '300',
    detail: /access-denied/,
  },
  {
    answer: 'rate-limited',
    status: 503,
    type: 'spotify-rate-limited',
    requests: 1,
    retryAfter: '3',
  },
  {
    answer: 'rate-limited-without-retry-after',
    status: 503,
    type: 'spotify-rate-limited',
    requests: 1,
    retryAfter: '30',
  },
  {
    answer: 'quota-exceeded',
    status: 503,
    type: 'spotify-quota-exceeded',
    requests: 1,
    retryAfter: '86207',
  },
  {
    answer: 'server-error',
    status: 503,
    type: 'spotify-unavailable',
    requests: 3,
    retryAfter: '1',
  },
  { answer: 'bad-gateway', status: 503, type: 'spotify-unavailable', requests: 3, retryAfter: '1' },
  {
    answer: 'unavailable-text',
    status: 503,
    type: 'spotify-unavailable',
    requests: 3,
    retryAfter: '1',
  },
  {
    answer: 'unavailable-html',
    status: 503,
    type: 'spotify-unavailable',
    requests: 3,
    retryAfter: '1',
  },
  { answer: 'reset', status: 502, type: 'spotify-bad-response', requests: 3, retryAfter: '1' },
  {
    answer: 'reset-mid-body',
    status: 502,
    type: 'spotify-bad-response',
    requests: 3,
    retryAfter: '1',
  },
  { answer: 'cut-gzip', status: 502, type: 'spotify-bad-response', requests: 3, retryAfter: '1' },
  { answer: 'cut-json', status: 502, type: 'spotify-bad-response', requests: 1, retryAfter: '1' },
  { answer: 'gzip-bomb', status: 502, type: 'spotify-bad-response', requests: 1, retryAfter: '1' },
  { answer: 'huge-page', status: 502, type: 'spotify-bad-response', requests: 1, retryAfter: '1' },
  { answer: 'html', status: 502, type: 'spotify-bad-response', requests: 1, retryAfter: '1' },
  { answer: 'redirect', status: 502, type: 'spotify-bad-response', requests: 1, retryAfter: '1' },
  {
    answer: 'bad-request',
    status: 502,
    type: 'spotify-bad-response',
    requests: 1,
    retryAfter: '1',
  },
  {
    answer: 'wrong-total',
    status: 502,
    type: 'spotify-bad-response',
    requests: 1,
    retryAfter: '1',
  },
  {
    answer: 'negative-total',
    status: 502,
    type: 'spotify-bad-response',
    requests: 1,
    retryAfter: '1',
  },
  { answer: 'huge-total', status: 502, type: 'spotify-bad-response', requests: 1, retryAfter: '1' },
  {
    answer: 'items-not-array',
    status: 502,
    type: 'spotify-bad-response',
    requests: 1,
    retryAfter: '1',
  },
  {
    answer: 'entry-not-object',
    status: 502,
    type: 'spotify-bad-response',
    requests: 1,
    retryAfter: '1',
  },
]

t.test('each Spotify failure has a specific problem for callers without a cached list', async t => {
  for (const { answer, status, type, requests, retryAfter, detail } of cases) {
    await t.test(`${answer}: ${status} ${type} after ${requests} requests`, async t => {
      const { get, sandbox, clock } = await startService(t)
      sandbox.fault({ on: 'api', answer })
      const response = await clock.runUntil(get('/users/smedjan/playlists'))
      const problem = response.json()
      t.equal(response.statusCode, status)
      t.match(response.headers, {
        'content-type': 'application/problem+json',
        // A 404 is cached; a failure is not.
        'cache-control': status === 404 ? 'public, max-age=60' : 'no-store',
        'retry-after': retryAfter,
      })
      t.match(problem, { type: `/problems/${type}`, status, instance: '/users/smedjan/playlists' })
      t.match(problem.detail, detail ?? /./)
      t.equal(sandbox.count('api'), requests)
      t.equal(sandbox.requests.filter(({ kind }) => kind === 'other').length, 0)
    })
  }
})

t.test('no failure replaces a cached list', async t => {
  for (const { answer, status } of cases.filter(({ type }) => type !== 'user-not-found')) {
    await t.test(answer, async t => {
      const { get, sandbox, clock } = await startService(t)
      const stored = (await get('/users/one/playlists')).body
      const repair = sandbox.fault({ on: 'api', answer })
      for (const elapsed of [301, 3600]) {
        await clock.advance(seconds(elapsed))
        const response = await clock.runUntil(get('/users/one/playlists'))
        t.equal(response.statusCode, 200, `instead of ${status}`)
        t.equal(response.body, stored)
      }
      repair()
      await clock.advance(seconds(43_400 - 3901))
      t.equal((await get('/users/one/playlists')).statusCode, 200)
    })
  }
})

t.test('a hanging or dripping attempt times out after SPOTIFY_TIMEOUT_MS', async t => {
  for (const answer of ['hang', 'drip'] as const) {
    await t.test(answer, async t => {
      const { get, sandbox, clock } = await startService(t, { LOOKUP_TIMEOUT_MS: '20000' })
      sandbox.fault({ on: 'api', answer })
      const response = get('/users/one/playlists')
      for (const attempt of [1, 2, 3]) {
        await sandbox.arrived('api', attempt)
        await clock.advance(4999)
        t.equal(sandbox.count('api'), attempt)
        await clock.advance(1)
        await clock.advance(0)
      }
      t.match((await response).json(), { type: '/problems/spotify-unavailable', status: 503 })
    })
  }
})

t.test('an unreachable Spotify is unavailable', async t => {
  const { sandbox, get, clock, app } = await startService(t, {
    SPOTIFY_API_URL: 'http://127.0.0.1:1/v1',
  })
  await app.ready()
  await sandbox.arrived('token', 1)
  const response = await clock.runUntil(get('/users/one/playlists'))
  t.match(response.json(), { type: '/problems/spotify-unavailable', status: 503 })
})

t.test('one failed page fails the lookup, and no partial list is cached', async t => {
  const { get, sandbox, clock } = await startService(t)
  const repair = sandbox.fault({
    on: 'api',
    match: ({ offset }) => offset === 100,
    answer: 'entry-not-object',
  })
  t.equal((await get('/users/smedjan/playlists')).statusCode, 502)
  repair()
  await clock.advance(seconds(1))
  t.match((await get('/users/smedjan/playlists')).json(), { total: 120, complete: true })
})

t.test('JSON that is not a paging object is a bad response', async t => {
  const { get, sandbox } = await startService(t)
  for (const [index, value] of [null, [], 'text', 7].entries()) {
    sandbox.fault({ on: 'api', times: 1, answer: json(200, value) })
    const response = await get(`/users/user${index}/playlists`)
    t.match(response.json(), { type: '/problems/spotify-bad-response', status: 502 })
  }
})

const NESTED = '['.repeat(500_000) + ']'.repeat(500_000)
/** Node 26 and later serialise any depth; earlier versions exceed the stack. */
const isSerialisable = (() => {
  try {
    return JSON.stringify(JSON.parse(NESTED)) === NESTED
  } catch {
    return false
  }
})()

t.test(
  'a deeply nested playlist stays whole, or is a bad response if Node cannot serialise it',
  async t => {
    const { get, sandbox } = await startService(t)
    const body = `{"total":1,"items":[{"id":"x","deep":${NESTED}}]}`
    sandbox.fault({ on: 'api', answer: status(200, body) })
    const response = await get('/users/one/playlists')
    t.equal(response.statusCode, isSerialisable ? 200 : 502)
    if (isSerialisable) t.ok(response.body.includes(`{"id":"x","deep":${NESTED}}`))
    else t.match(response.json(), { type: '/problems/spotify-bad-response' })
  },
)

t.test('the service never follows next', async t => {
  const { get, sandbox } = await startService(t)
  sandbox.fault({ on: 'api', answer: 'foreign-next' })
  t.equal((await get('/users/smedjan/playlists')).statusCode, 200)
  t.equal(sandbox.requests.filter(({ kind }) => kind === 'other').length, 0)
})

t.test('after a 429 the service sends no request for any user before Retry-After', async t => {
  const { get, sandbox, clock } = await startService(t)
  await get('/users/one/playlists')
  sandbox.fault({ on: 'api', times: 1, answer: 'quota-exceeded' })
  await get('/users/fifty/playlists')
  sandbox.clear()
  await clock.advance(seconds(3600))
  const refused = await get('/users/smedjan/playlists')
  t.equal(refused.headers['retry-after'], String(86_207 - 3600))
  t.equal((await get('/users/one/playlists')).statusCode, 200, 'cached lists are still served')
  await clock.advance(seconds(86_207 - 3600))
  t.equal((await get('/users/smedjan/playlists')).statusCode, 200)
  t.equal(sandbox.count('api'), 3)
})

t.test('a 404 is cached for a minute', async t => {
  const { get, sandbox, clock } = await startService(t)
  sandbox.fault({ on: 'api', answer: 'not-found' })
  for (let lookup = 0; lookup < 3; lookup++) {
    t.equal((await get('/users/nobody/playlists')).statusCode, 404)
  }
  t.equal(sandbox.count('api'), 1)
  sandbox.clearFaults()
  await clock.advance(seconds(60))
  t.match((await get('/users/nobody/playlists')).json(), { items: [], total: 0, complete: true })
})

t.test('the revalidation for a deleted user replaces the list with a 404', async t => {
  const { get, sandbox, clock, quiet } = await startService(t)
  await get('/users/one/playlists')
  await clock.advance(seconds(301))
  sandbox.fault({ on: 'api', answer: 'not-found' })
  t.equal((await get('/users/one/playlists')).statusCode, 200)
  await quiet()
  t.equal((await get('/users/one/playlists')).statusCode, 404)
})

import t from 'tap'
import { type AnswerName, rateLimited, status } from '../../sandbox/answers.ts'
import { sandboxFor } from './support.ts'

const SMEDJAN = '/v1/users/smedjan/playlists?limit=50&offset=50'

t.test('JSON errors have the same shape and texts as in the Web API', async t => {
  const { sandbox, call } = await sandboxFor(t)
  const cases: Array<[name: AnswerName, code: number, message: string]> = [
    ['expired-token', 401, 'The access token expired'],
    ['user-authentication-required', 401, 'Valid user authentication required'],
    ['forbidden', 403, 'Forbidden'],
    ['insufficient-scope', 403, 'Insufficient client scope'],
    ['not-found', 404, 'Resource not found'],
    ['bad-request', 400, 'Invalid limit'],
    ['server-error', 500, 'Server error.'],
    ['bad-gateway', 502, 'Bad gateway'],
  ]
  for (const [answer, code, message] of cases) {
    sandbox.fault({ on: 'api', times: 1, answer })
    const { status, headers, json } = await call('GET', SMEDJAN)
    t.equal(status, code, answer)
    t.equal(headers['content-type'], 'application/json; charset=utf-8')
    t.same(json(), { error: { status: code, message } })
  }
})

t.test('several Spotify errors are plain text or HTML', async t => {
  const { sandbox, call } = await sandboxFor(t)
  const cases: Array<[name: AnswerName, code: number, type: string, body: RegExp]> = [
    ['premium-required', 403, 'text/plain', /^Active premium .* allowed again\.$/],
    ['not-registered', 403, 'text/plain', /^Check settings on .* may not be registered\.$/],
    ['not-found-empty', 404, 'text/plain', /^$/],
    ['rate-limited', 429, 'text/plain', /^Too many requests$/],
    ['rate-limited-without-retry-after', 429, 'text/plain', /^Too many requests$/],
    ['unavailable-text', 503, 'text/plain', /^upstream connect error .* termination$/],
    ['unavailable-html', 503, 'text/html', /503 Service Unavailable/],
    ['html', 200, 'text/html', /^<!doctype html>/],
  ]
  for (const [answer, code, type, body] of cases) {
    sandbox.fault({ on: 'api', times: 1, answer })
    const { status, headers, text } = await call('GET', SMEDJAN)
    t.equal(status, code, answer)
    t.equal(headers['content-type'], type)
    t.match(text, body)
    t.equal(headers['retry-after'], answer === 'rate-limited' ? '3' : undefined)
  }
})

t.test('answers include the exact details needed to tell causes apart', async t => {
  const { sandbox, call } = await sandboxFor(t)
  const get = async (answer: AnswerName) => {
    sandbox.fault({ on: 'api', times: 1, answer })
    return call('GET', SMEDJAN)
  }
  t.equal((await get('premium-required')).body.length, 159)
  t.equal(
    (await get('forbidden')).text,
    '{"error": {"status": 403, "message": "Forbidden" } }',
    'with unusual spaces',
  )
  t.match((await get('expired-token')).headers['www-authenticate'], /error="invalid_token"/)
  const quota = await get('quota-exceeded')
  t.equal(quota.status, 429)
  t.equal(quota.headers['retry-after'], '86207')
  t.same(quota.json(), {
    error: { status: 429, message: 'Too many requests', reason: 'QUOTA_EXCEEDED' },
  })
})

t.test('a fault can send a page with one invalid member', async t => {
  const { sandbox, call, bearer } = await sandboxFor(t)
  const good = (await call('GET', SMEDJAN, await bearer())).json()
  const cases: Array<[name: AnswerName, change: object]> = [
    ['foreign-next', { next: sandbox.apiUrl.replace('/v1', '/elsewhere') }],
    ['wrong-total', { total: '12' }],
    ['negative-total', { total: -1 }],
    ['items-not-array', { items: { '0': null } }],
    ['entry-not-object', { items: [7, ...good.items.slice(1)] }],
    ['huge-total', { total: 1e9 }],
  ]
  for (const [answer, change] of cases) {
    sandbox.fault({ on: 'api', times: 1, answer })
    const { status, json } = await call('GET', SMEDJAN)
    t.equal(status, 200)
    t.strictSame(json(), { ...good, ...change }, answer)
  }
})

t.test('the answer `redirect` leads to another sandbox path', async t => {
  const { sandbox, call } = await sandboxFor(t)
  sandbox.fault({ on: 'api', answer: 'redirect' })
  const { status, headers } = await call('GET', SMEDJAN)
  t.equal(status, 302)
  t.equal(headers.location, sandbox.apiUrl.replace('/v1', '/elsewhere'))
})

t.test('the token endpoint has different errors', async t => {
  const { sandbox, requestToken } = await sandboxFor(t)
  const post = (answer: AnswerName) => {
    sandbox.fault({ on: 'token', times: 1, answer })
    return requestToken()
  }
  for (const [answer, code] of [
    ['invalid-client', 400] as const,
    ['invalid-client-401', 401] as const,
  ]) {
    const { status, json } = await post(answer)
    t.equal(status, code)
    t.same(json(), { error: 'invalid_client', error_description: 'Invalid client secret' })
  }
  const empty = await post('token-without-access-token')
  t.same([empty.status, empty.json()], [200, {}])
  const html = await post('token-html')
  t.same([html.status, html.headers['content-type']], [200, 'text/html'])
  t.equal((await post('huge-total')).json().total, 1e9, 'other endpoints can send pages, too')
})

t.test('a test can define custom answers', async t => {
  const { sandbox, call } = await sandboxFor(t)
  sandbox.fault({ on: 'api', times: 1, answer: rateLimited('soon', '{}') })
  sandbox.fault({ on: 'api', times: 1, answer: status(299, 'odd', { 'content-type': 'x/y' }) })
  const odd = await call('GET', SMEDJAN)
  t.same([odd.status, odd.text, odd.headers['content-type']], [299, 'odd', 'x/y'])
  const limited = await call('GET', SMEDJAN)
  t.same([limited.status, limited.text, limited.headers['retry-after']], [429, '{}', 'soon'])
})

t.test("an unknown user's page is empty", async t => {
  const { sandbox, call } = await sandboxFor(t)
  sandbox.fault({ on: 'api', answer: 'huge-total' })
  t.match((await call('GET', '/v1/users/nobody/playlists')).json(), { items: [], total: 1e9 })
})

import t from 'tap'
import { Problem, type ProblemType } from '../../src/problems/problem.ts'
import { readToken } from '../../src/spotify/token-policy.ts'

const NOW = Date.UTC(2026, 10, 23)

function read(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return readToken({ status, headers, body: text }, NOW)
}

function problemOf(status: number, body: unknown, headers?: Record<string, string>): Problem {
  try {
    read(status, body, headers)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('readToken returned a token')
}

const token = { access_token: 'BQDx-1_2.3', token_type: 'Bearer', expires_in: 3600 }

t.test('a token lifetime is in milliseconds', async t => {
  t.strictSame(read(200, token), { value: 'BQDx-1_2.3', lifetimeMs: 3_600_000 })
})

t.test('the token type is bearer in any case, or absent', async t => {
  for (const type of [undefined, 'Bearer', 'bearer', 'BEARER']) {
    t.equal(read(200, { ...token, token_type: type }).value, 'BQDx-1_2.3')
  }
  for (const type of ['mac', '', null, 1, ['Bearer', 'mac'], { toString: 1 }]) {
    const problem = problemOf(200, { ...token, token_type: type })
    t.equal(problem.type, 'spotify-bad-response')
    t.match(problem.message, /no bearer token/)
  }
})

t.test('the token lifetime can be a string or absent, and is a day at most', async t => {
  for (const [stated, lifetimeMs] of [
    [undefined, 300_000],
    [1, 1000],
    [2, 2000],
    [1.5, 1500],
    ['3600', 3_600_000],
    [86_399, 86_399_000],
    [86_400, 86_400_000],
    [86_401, 86_400_000],
    [1e300, 86_400_000],
  ] as const) {
    t.equal(read(200, { ...token, expires_in: stated }).lifetimeMs, lifetimeMs, String(stated))
  }
})

t.test('a token with a lifetime below a second is a bad response', async t => {
  for (const stated of [
    0.999,
    0,
    -1,
    null,
    '',
    'soon',
    {},
    [1, 2],
    true,
    { valueOf: 1, toString: 1 },
  ]) {
    const problem = problemOf(200, { ...token, expires_in: stated })
    t.equal(problem.type, 'spotify-bad-response', JSON.stringify(stated))
    t.match(problem.message, /no lifetime/)
  }
})

t.test('a token that is absent or unfit for a header field is a bad response', async t => {
  for (const value of [undefined, null, '', 1, {}, 'a b', 'a\r\nb', 'a\n', 'tökén', 'a\u007f']) {
    const problem = problemOf(200, { ...token, access_token: value })
    t.equal(problem.type, 'spotify-bad-response', JSON.stringify(value))
    t.match(problem.message, /has no token/)
  }
  t.equal(read(200, { ...token, access_token: '!~' }).value, '!~', 'the ends of the range')
})

t.test('a token response other than a JSON object is a bad response', async t => {
  for (const body of ['', '<html>', '{"access_token":"cut', 'null', '"text"', '[]', '1']) {
    t.equal(problemOf(200, body).type, 'spotify-bad-response', body)
  }
})

const statuses: [status: number, body: unknown, type: ProblemType][] = [
  [400, { error: 'invalid_client' }, 'spotify-credentials-rejected'],
  [401, { error: 'invalid_client' }, 'spotify-credentials-rejected'],
  [401, '', 'spotify-credentials-rejected'],
  [400, { error: 'invalid_request' }, 'spotify-bad-response'],
  [400, 'invalid_client', 'spotify-bad-response'],
  [400, 'null', 'spotify-bad-response'],
  [201, token, 'spotify-bad-response'],
  [204, '', 'spotify-bad-response'],
  [302, '', 'spotify-bad-response'],
  [403, { error: 'invalid_client' }, 'spotify-bad-response'],
  [404, '', 'spotify-bad-response'],
  [408, '', 'spotify-unavailable'],
  [421, '', 'spotify-unavailable'],
  [425, '', 'spotify-unavailable'],
  [428, '', 'spotify-bad-response'],
  [429, '', 'spotify-unavailable'],
  [430, '', 'spotify-bad-response'],
  [499, '', 'spotify-bad-response'],
  [500, '', 'spotify-unavailable'],
  [503, '<html>upstream connect error</html>', 'spotify-unavailable'],
  [503, { error: 'invalid_client' }, 'spotify-unavailable'],
]

for (const [status, body, type] of statuses) {
  const shown = typeof body === 'string' ? JSON.stringify(body) : Object.values(body as object)[0]
  t.test(`a token response with status ${status} and ${shown} means ${type}`, async t => {
    t.equal(problemOf(status, body).type, type)
  })
}

t.test('the problem for a refused token request has the Retry-After instant', async t => {
  for (const status of [400, 401, 408, 429, 500, 503]) {
    const body = { error: 'invalid_client' }
    t.equal(problemOf(status, body, { 'retry-after': '7' }).retryAt, NOW + 7000, `${status}`)
    const date = new Date(NOW + 60_000).toUTCString()
    t.equal(problemOf(status, body, { 'retry-after': date }).retryAt, NOW + 60_000, `${status}`)
  }
  t.equal(problemOf(429, '').retryAt, NOW + 30_000, 'the default of a 429')
  t.equal(problemOf(503, '').retryAt, undefined)
  t.equal(problemOf(503, '', { 'retry-after': 'soon' }).retryAt, undefined)
})

t.test('the problem for a token request never echoes the response', async t => {
  for (const status of [200, 400, 401, 403, 429, 500]) {
    const { message } = problemOf(status, { error: 'canary', access_token: 'canary canary' })
    t.notMatch(message, /canary/)
  }
})

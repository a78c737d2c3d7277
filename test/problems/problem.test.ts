import t from 'tap'
import {
  asProblem,
  Problem,
  type ProblemType,
  problemBody,
  problems,
  retryAfterSeconds,
} from '../../src/problems/problem.ts'

/** The contract with callers and dashboards: add new problems, never change existing ones. */
const promised: Record<ProblemType, number> = {
  'invalid-user-id': 400,
  'invalid-query': 400,
  'bad-request': 400,
  'unknown-api-key': 401,
  'request-timeout': 408,
  'headers-too-large': 431,
  'not-admin': 403,
  'link-invalid': 400,
  'link-declined': 403,
  'link-wrong-account': 409,
  'user-not-found': 404,
  'not-found': 404,
  'method-not-allowed': 405,
  'not-acceptable': 406,
  'caller-rate-limited': 429,
  'internal-error': 500,
  'spotify-bad-response': 502,
  'spotify-access-denied': 502,
  'spotify-credentials-rejected': 503,
  'spotify-unavailable': 503,
  'spotify-rate-limited': 503,
  'spotify-quota-exceeded': 503,
  'quota-budget-spent': 503,
  overloaded: 503,
  'shutting-down': 503,
  'deadline-exceeded': 504,
  'not-stored': 504,
}

t.test('each problem type keeps the same status', async t => {
  for (const [type, status] of Object.entries(promised) as [ProblemType, number][]) {
    t.equal(new Problem(type, 'detail').status, status, type)
  }
})

t.test('every problem has a URI-safe name and a unique title', async t => {
  const titles = new Set<string>()
  for (const [type, { title }] of Object.entries(problems)) {
    t.match(type, /^[a-z]+(-[a-z]+)*$/)
    t.match(title, /^[A-Z].*[a-z]$/)
    titles.add(title)
  }
  t.equal(titles.size, Object.keys(problems).length)
})

t.test('a problem is an Error that keeps its options', async t => {
  const cause = new Error('underneath')
  const problem = new Problem('spotify-rate-limited', 'Wait.', {
    cause,
    retryAt: 1234,
    transient: true,
  })
  t.type(problem, Error)
  t.equal(problem.name, 'Problem')
  t.equal(problem.type, 'spotify-rate-limited')
  t.equal(problem.message, 'Wait.')
  t.equal(problem.cause, cause)
  t.equal(problem.retryAt, 1234)
  t.equal(problem.transient, true)
  t.match(problem.stack, /problem\.test/, 'the stack names the caller')
})

t.test('a problem without options has no cause, no retryAt, and is not transient', async t => {
  for (const problem of [
    new Problem('user-not-found', 'No such user.'),
    new Problem('user-not-found', 'No such user.', { cause: undefined }),
  ]) {
    t.notOk('cause' in problem)
    t.equal(problem.retryAt, undefined)
    t.equal(problem.transient, false)
  }
})

t.test('asProblem returns a problem unchanged', async t => {
  const problem = new Problem('not-found', 'Nothing here.')
  t.equal(asProblem(problem), problem)
})

t.test('asProblem wraps any other value as an internal error without details', async t => {
  for (const thrown of [new TypeError('canary'), 'canary', { message: 'canary' }, null, 0]) {
    const problem = asProblem(thrown)
    t.equal(problem.type, 'internal-error')
    t.equal(problem.cause, thrown, 'the cause is for the log')
    t.notMatch(JSON.stringify(problemBody(problem, '/', 'req-1')), /canary/)
  }
})

t.test(
  'a problem body has the members from RFC 9457, from this service, and from Spotify',
  async t => {
    const cause = new Error('canary')
    const problem = new Problem('user-not-found', 'No such user.', { cause, retryAt: 1 })
    t.strictSame(problemBody(problem, '/users/x/playlists', 'req-1'), {
      type: '/problems/user-not-found',
      title: 'No such Spotify user',
      status: 404,
      detail: 'No such user.',
      instance: '/users/x/playlists',
      request_id: 'req-1',
      error: { status: 404, message: 'No such user.' },
    })
  },
)

t.test('Retry-After is rounded up to whole seconds, at least one', async t => {
  const now = Date.UTC(2026, 10, 23)
  for (const [aheadMs, seconds] of [
    [-3_600_000, 1],
    [-1, 1],
    [0, 1],
    [1, 1],
    [999, 1],
    [1000, 1],
    [1001, 2],
    [29_999, 30],
    [30_000, 30],
    [30_001, 31],
    [86_400_000, 86_400],
  ] as const) {
    t.equal(retryAfterSeconds(now + aheadMs, now), seconds, `${aheadMs} ms ahead`)
  }
})

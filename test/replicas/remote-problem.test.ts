import t from 'tap'
import { Value } from 'typebox/value'
import { Problem, type ProblemType, problems, withRetryAt } from '../../src/problems/problem.ts'
import {
  decodeProblem,
  encodeProblem,
  LONGEST_MS,
  type RemoteProblem,
  remoteProblemSchema,
} from '../../src/replicas/remote-problem.ts'
import {
  accessDenied,
  diagnosisOf,
  Refusal,
  tooManyRequests,
} from '../../src/spotify/gate/diagnosis.ts'

const NOW = Date.UTC(2026, 10, 23)
/** The receiving replica's clock, an hour behind. */
const THERE = NOW - 3_600_000
const MINUTE_MS = 60_000

const types = Object.keys(problems) as ProblemType[]
const sent = (problem: Problem) => encodeProblem(problem, NOW) as RemoteProblem

t.test('a Spotify refusal has the same texts and duration on each replica', async t => {
  for (const cause of [
    tooManyRequests('', NOW + MINUTE_MS),
    tooManyRequests('QUOTA_EXCEEDED', NOW + MINUTE_MS),
    accessDenied(403, '"Forbidden"'),
    accessDenied(401, 'valid user authentication required'),
    accessDenied(403, ''),
  ]) {
    const { type, message, originStatus } = cause
    const received = decodeProblem(sent(cause), THERE)
    t.match(received, { type, message, originStatus, diagnosis: cause.diagnosis })
    t.equal(received.retryAt, cause.retryAt && THERE + MINUTE_MS)
    t.equal(diagnosisOf(received).name, diagnosisOf(cause).name)
  }
})

t.test('a problem keeps its diagnosis when its retryAt changes', async t => {
  const denied = withRetryAt(accessDenied(403, '"Forbidden"'), NOW + MINUTE_MS, false)
  t.match(decodeProblem(sent(denied), THERE), {
    message: /^endpoint-forbidden: The Spotify app is in Development Mode/,
    retryAt: THERE + MINUTE_MS,
    originStatus: undefined,
  })
})

t.test('texts from another replica never reach a caller', async t => {
  for (const type of types) {
    for (const problem of [
      new Problem(type, 'canary'),
      new Refusal(type, 'unavailable', 'canary'),
    ]) {
      const remote = encodeProblem(problem, NOW)
      t.notMatch(JSON.stringify(remote), /canary/)
      if (remote !== undefined) t.notMatch(decodeProblem(remote, NOW).message, /canary/)
    }
  }
  const forged = { ...sent(accessDenied(403, '')), diagnosis: 'canary', detail: 'canary' }
  t.match(decodeProblem(forged, NOW), { message: 'Spotify denied access to this app.' })
  const known = { ...forged, diagnosis: 'constructor' }
  t.match(decodeProblem(known, NOW), { message: 'Spotify denied access to this app.' })
})

t.test('only problems concerning all replicas are shared', async t => {
  t.same(
    types.filter(type => encodeProblem(new Problem(type, ''), NOW) !== undefined),
    [
      'spotify-bad-response',
      'spotify-access-denied',
      'spotify-credentials-rejected',
      'spotify-unavailable',
      'spotify-rate-limited',
      'spotify-quota-exceeded',
      'quota-budget-spent',
    ],
  )
  for (const type of ['internal-error', 'shutting-down', 'toString', 7]) {
    t.notOk(Value.Check(remoteProblemSchema, { type }), `${type}`)
  }
})

t.test('a problem lasts at most as long as its type allows', async t => {
  for (const [type, longest] of [
    ['spotify-rate-limited', 86_400_000],
    ['spotify-unavailable', 86_400_000],
    ['spotify-access-denied', 300_000],
    ['spotify-credentials-rejected', 66_000],
  ] as const) {
    t.equal(LONGEST_MS[type], longest)
    for (const [leftMs, heldMs] of [
      [longest - 1, longest - 1],
      [longest, longest],
      [longest + 1, longest],
      [1e300, longest],
    ] as const) {
      const remote = sent(new Problem(type, '', { retryAt: NOW + leftMs }))
      t.equal(remote.retryAfterMs, heldMs)
      t.equal(decodeProblem(remote, THERE).retryAt, THERE + heldMs)
    }
    const forged = decodeProblem({ type, retryAfterMs: 86_400_000 }, THERE)
    t.equal(forged.retryAt, THERE + longest)
  }
})

t.test('impossible numbers are malformed', async t => {
  const type = 'spotify-unavailable'
  t.ok(Value.Check(remoteProblemSchema, { type, retryAfterMs: 1, originStatus: 503 }))
  for (const value of [-1, 1.5, 86_400_001, 1e300, Number.NaN, null, '1', Date.UTC(2099, 0)]) {
    t.notOk(Value.Check(remoteProblemSchema, { type, retryAfterMs: value }), `${value}`)
    t.notOk(Value.Check(remoteProblemSchema, { type, originStatus: value }), `${value}`)
  }
  for (const retryAt of [undefined, NOW, NOW - 1, -1, Number.NaN]) {
    const problem = new Problem(type, '', retryAt === undefined ? {} : { retryAt })
    t.same(sent(problem), { type }, `${retryAt}`)
  }
})

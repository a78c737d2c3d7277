import t from 'tap'
import { Problem, type ProblemType } from '../../../src/problems/problem.ts'
import { outcomeOf } from '../../../src/spotify/gate/gate-outcome.ts'

t.test('the problem type decides the outcome of a request', async t => {
  const kinds: Partial<Record<ProblemType, string>> = {
    'user-not-found': 'succeeded',
    'spotify-unavailable': 'failed',
    'spotify-bad-response': 'failed',
    'spotify-access-denied': 'denied',
    'internal-error': 'unknown',
  }
  for (const [type, kind] of Object.entries(kinds)) {
    t.equal(outcomeOf(new Problem(type as ProblemType, ''), 0).kind, kind, type)
  }
  for (const type of ['spotify-rate-limited', 'spotify-quota-exceeded'] as const) {
    const refusal = new Problem(type, '', { retryAt: 5000 })
    t.match(outcomeOf(refusal, 2000), { kind: 'refused', forMs: 3000 })
  }
})

t.test('a 4xx affects only its own request, unless the status is transient', async t => {
  const badResponse = (originStatus: number, transient = false) =>
    outcomeOf(new Problem('spotify-bad-response', '', { originStatus, transient }), 0).kind
  for (const status of [400, 405, 410, 414, 451, 499]) {
    t.equal(badResponse(status), 'declined', `${status}`)
  }
  for (const status of [200, 204, 302, 399, 500])
    t.equal(badResponse(status), 'failed', `${status}`)
  t.equal(badResponse(408, true), 'failed')
})

t.test('a failure lasts until Spotify allows a retry', async t => {
  const failedUntil = (retryAt?: number) =>
    outcomeOf(
      new Problem('spotify-unavailable', '', retryAt === undefined ? {} : { retryAt }),
      2000,
    )
  t.match(failedUntil(62_000), { kind: 'failed', forMs: 60_000 })
  t.match(failedUntil(), { kind: 'failed', forMs: 0 })
  t.match(failedUntil(1000), { kind: 'failed', forMs: 0 }, 'an instant in the past')
})

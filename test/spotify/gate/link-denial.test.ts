import t from 'tap'
import { outcomeOf } from '../../../src/spotify/gate/gate-outcome.ts'
import { LinkDenial, linkDenied } from '../../../src/spotify/gate/link-denial.ts'

const json = (message: string) => `{"error": {"status": 403, "message": "${message}" } }`

t.test('a denial of the token of one user says nothing about the app', async t => {
  const cases = [
    [
      'Check settings on developer.spotify.com/dashboard, the user may not be registered.',
      'not-registered',
    ],
    [json('Insufficient client scope'), 'insufficient-scope'],
    [json('Forbidden'), 'endpoint-forbidden'],
    [json('Valid user authentication required'), 'access-denied'],
    ['', 'access-denied'],
  ] as const
  for (const [body, reason] of cases) {
    for (const status of [401, 403] as const) {
      const problem = linkDenied(status, body)
      t.ok(problem instanceof LinkDenial)
      t.match(problem, {
        type: 'spotify-access-denied',
        reason,
        causeName: reason,
        originStatus: status,
      })
      t.same(outcomeOf(problem, 0), { kind: 'declined' })
    }
  }
})

t.test('the lapsed Premium subscription of its owner denies the whole app', async t => {
  const problem = linkDenied(403, 'Active premium subscription required for the owner of the app.')
  t.match(problem, { causeName: 'premium-required' })
  t.equal(outcomeOf(problem, 0).kind, 'denied')
})

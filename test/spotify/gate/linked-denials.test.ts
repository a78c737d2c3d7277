import t from 'tap'
import { outcomeOf } from '../../../src/spotify/gate/gate-outcome.ts'
import {
  AppTokenDenial,
  appTokenDenied,
  LinkDenial,
  linkDenied,
} from '../../../src/spotify/gate/linked-denials.ts'

const json = (message: string) => `{"error": {"status": 403, "message": "${message}" } }`

t.test('a denied user token does not count as a denial of the app', async t => {
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

t.test("the app owner's lapsed Premium subscription denies the whole app", async t => {
  const problem = linkDenied(403, 'Active premium subscription required for the owner of the app.')
  t.match(problem, { causeName: 'premium-required' })
  t.equal(outcomeOf(problem, 0).kind, 'denied')
})

t.test('two denials apply only to the app token, and ask for the account to be linked', async t => {
  const cases = [
    [json('Forbidden'), 'endpoint-forbidden'],
    [json('Valid user authentication required'), 'user-authentication-required'],
  ] as const
  for (const [body, causeName] of cases) {
    const problem = appTokenDenied(403, body)
    t.ok(problem instanceof AppTokenDenial)
    t.match(problem, {
      type: 'spotify-access-denied',
      causeName,
      originStatus: 403,
      message: / Have the owner of the account link it to this service\.$/,
      diagnosis: { name: causeName, remedy: /^Have the owner/ },
    })
    t.same(outcomeOf(problem, 0), { kind: 'declined' })
  }
  for (const body of ['', 'Active premium subscription required for the owner of the app.']) {
    const problem = appTokenDenied(403, body)
    t.notOk(problem instanceof AppTokenDenial)
    t.equal(outcomeOf(problem, 0).kind, 'denied')
  }
})

import t from 'tap'
import {
  faultOf,
  fileProblem,
  type LinkFault,
  remedyOf,
  stateProblem,
} from '../../src/links/link-problems.ts'
import type { LinkState } from '../../src/links/link-state.ts'
import { ManualClock } from '../support/manual-clock.ts'

t.test("a link state's problem includes the reason and what a person can do", async t => {
  const clock = new ManualClock()
  const cases: Array<[LinkState, fault: LinkFault, type: string, remedy: RegExp]> = [
    [
      { name: 'refused', reason: 'not-registered', refusals: 1, retryAtMs: 5000 },
      'not-registered',
      'spotify-access-denied',
      /Add the owner/,
    ],
    [
      { name: 'refused', reason: 'scope-too-wide', refusals: 1, retryAtMs: 5000 },
      'scope-too-wide',
      'spotify-access-denied',
      /www\.spotify\.com\/account\/apps/,
    ],
    [
      { name: 'doubtful', retryAtMs: 5000 },
      'consent-doubtful',
      'spotify-unavailable',
      /after ten minutes/,
    ],
    [
      { name: 'ended', reason: 'consent-expired' },
      'consent-expired',
      'spotify-access-denied',
      /link the account again/,
    ],
    [
      { name: 'mismatch', reason: 'other-user' },
      'other-user',
      'spotify-access-denied',
      /current user id/,
    ],
    [{ name: 'unreadable' }, 'unreadable', 'spotify-access-denied', /LINKS_PREVIOUS_CLIENT_SECRET/],
  ]
  for (const [state, fault, type, remedy] of cases) {
    const problem = stateProblem(state, clock)
    t.equal(faultOf(state), fault)
    t.match(remedyOf(fault), remedy)
    t.match(problem, { type, causeName: fault, message: remedy })
    t.match(problem.message, `${fault}: `)
    const retryAt = 'retryAtMs' in state ? clock.now() + 5000 : undefined
    t.equal(problem.retryAt, retryAt)
  }
})

t.test('without a fault, the problem says the link changed during the lookup', async t => {
  t.equal(faultOf({ name: 'active' }), undefined)
  t.match(stateProblem({ name: 'active' }, new ManualClock()), {
    type: 'spotify-unavailable',
    message: /changed during the lookup/,
  })
})

t.test('the problem for an unwritable links file mentions LINKS_FILE', async t => {
  const cause = new Error('EROFS')
  t.match(fileProblem(cause), { type: 'internal-error', message: /LINKS_FILE/, cause })
})

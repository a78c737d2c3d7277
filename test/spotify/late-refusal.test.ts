import t from 'tap'
import { Problem } from '../../src/problems.ts'
import { after, type GateState, OPEN, type Outcome, probing } from '../../src/spotify/gate-state.ts'

const down = new Problem('spotify-unavailable', 'down')
const limited = new Problem('spotify-rate-limited', 'slow down')
const failed: Outcome = { kind: 'failed', cause: down }
const refusedFor = (forMs: number): Outcome => ({ kind: 'refused', cause: limited, forMs })

const ended = (state: GateState, outcome: Outcome, subject: string, isProbe: boolean, nowMs = 0) =>
  after(state, { outcome, subject, isProbe, nowMs, jitter: 0 })

/** Paused for an hour by what left before the outage and came in while the probe was under way. */
function refusedBesideProbe(): GateState {
  const outage = ['ann', 'bob', 'ann'].reduce<GateState>(
    (state, subject) => ended(state, failed, subject, false),
    OPEN,
  )
  return ended(probing(outage, 'bob'), refusedFor(3_600_000), 'eve', false, 1000)
}

const endings: [what: string, outcome: Outcome][] = [
  ['is answered', { kind: 'answered' }],
  ['fails', failed],
  ['is refused for a shorter time', refusedFor(2000)],
  ['is given up', { kind: 'unknown' }],
]

for (const [what, outcome] of endings) {
  t.test(`a refusal that came in beside the probe stands when the probe ${what}`, async t => {
    const state = refusedBesideProbe()
    t.match(state, { name: 'paused', cause: limited, untilMs: 3_601_000 })
    t.equal(ended(state, outcome, 'bob', true, 1500), state)
  })
}

t.test('a probe that is refused for longer than what came in beside it prolongs that', async t => {
  const state = ended(refusedBesideProbe(), refusedFor(7_200_000), 'bob', true, 1500)
  t.match(state, { name: 'paused', untilMs: 7_201_500 })
})

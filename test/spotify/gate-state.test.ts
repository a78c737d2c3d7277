import t from 'tap'
import { Problem } from '../../src/problems.ts'
import {
  admission,
  after,
  type GateState,
  OPEN,
  type Outcome,
  outcomeOf,
  probedElsewhere,
  probing,
} from '../../src/spotify/gate-state.ts'

const down = new Problem('spotify-unavailable', 'down')
const denied = new Problem('spotify-access-denied', 'denied')
const failed: Outcome = { kind: 'failed', cause: down }
const answered: Outcome = { kind: 'answered' }
const unknown: Outcome = { kind: 'unknown' }
const refusedFor = (forMs: number): Outcome => ({ kind: 'refused', cause: denied, forMs })

interface Facts {
  subject?: string
  isProbe?: boolean
  nowMs?: number
  jitter?: number
}

const then = (state: GateState, outcome: Outcome, facts: Facts = {}) =>
  after(state, { outcome, subject: 'bob', isProbe: false, nowMs: 0, jitter: 0, ...facts })

/** The state after failures of these subjects, one after another. */
const afterFailuresOf = (...subjects: string[]) =>
  subjects.reduce<GateState>((state, subject) => then(state, failed, { subject }), OPEN)

t.test('an outcome follows from the type of the problem', async t => {
  const kinds = {
    'user-not-found': 'answered',
    'spotify-unavailable': 'failed',
    'spotify-bad-response': 'failed',
    'spotify-access-denied': 'refused',
    'internal-error': 'unknown',
  } as const
  for (const [type, kind] of Object.entries(kinds) as [keyof typeof kinds, string][]) {
    t.equal(outcomeOf(new Problem(type, ''), 0).kind, kind, type)
  }
  for (const type of ['spotify-rate-limited', 'spotify-quota-exceeded'] as const) {
    const refusal = new Problem(type, '', { retryAt: 5000 })
    t.match(outcomeOf(refusal, 2000), { kind: 'refused', forMs: 3000 })
  }
  t.match(outcomeOf(denied, 0), { forMs: 300_000 }, 'a denial is looked at every five minutes')
})

t.test('three failures in a row of more than one subject are an outage', async t => {
  t.match(afterFailuresOf('bob', 'bob', 'bob', 'bob'), { name: 'open' }, 'one subject alone')
  t.match(afterFailuresOf('bob', 'alice'), { name: 'open' }, 'two failures')
  t.match(afterFailuresOf('bob', 'alice', 'bob'), { name: 'paused', untilMs: 1000, pauses: 1 })
  t.match(afterFailuresOf('bob', 'bob', 'bob', 'alice'), { name: 'paused' })
  const mended = then(afterFailuresOf('bob', 'alice'), answered)
  t.equal(mended, OPEN)
  t.match(then(mended, failed), { name: 'open' }, 'an answer ends the row')
  t.equal(then(OPEN, unknown), OPEN)
})

t.test('a paused gate refuses until its instant and then lets one probe through', async t => {
  const paused = then(OPEN, refusedFor(3000), { nowMs: 500 })
  t.equal(admission(OPEN, 'bob', 0), 'leave')
  t.equal(admission(paused, 'bob', 3499), 'refused')
  t.equal(admission(paused, 'bob', 3500), 'probe')
  const state = probing(paused, 'bob')
  t.match(state, { name: 'probing', cause: denied })
  t.equal(admission(state, 'bob', 3500), 'wait', 'the other pages of the same list')
  t.equal(admission(state, 'alice', 3500), 'refused')
  t.equal(probing(OPEN, 'bob'), OPEN)
})

t.test('pauses of an outage double from 1 s to 60 s, with up to a tenth more', async t => {
  const pauses: number[] = []
  let state = afterFailuresOf('bob', 'alice', 'bob')
  for (let nth = 0; nth < 8; nth++) {
    if (state.name === 'paused') pauses.push(state.untilMs)
    state = then(probing(state, 'bob'), failed, { isProbe: true })
  }
  t.same(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  const late = then(probing(state, 'bob'), failed, { isProbe: true, nowMs: 7, jitter: 0.5 })
  t.match(late, { untilMs: 7 + 63_000 })
})

t.test('the probe decides', async t => {
  const state = probing(then(OPEN, refusedFor(1000)), 'bob')
  const probe = { isProbe: true, nowMs: 2000 }
  t.equal(then(state, answered, probe), OPEN)
  t.match(then(state, failed, probe), { name: 'paused', untilMs: 3000, pauses: 1, cause: down })
  t.match(then(state, refusedFor(9000), probe), { name: 'paused', untilMs: 11_000 })
  const again = then(state, unknown, probe)
  t.match(again, { name: 'paused', cause: denied }, 'one that was given up is made good for')
  t.equal(admission(again, 'alice', 2000), 'probe')
})

t.test('what left before the pause changes nothing, but for a longer refusal', async t => {
  const paused = then(OPEN, refusedFor(5000))
  for (const state of [paused, probing(paused, 'alice')]) {
    for (const outcome of [answered, failed, unknown]) t.equal(then(state, outcome), state)
  }
  t.equal(then(paused, refusedFor(4000)), paused)
  t.equal(then(paused, refusedFor(5000)), paused)
  t.match(then(paused, refusedFor(5001)), { untilMs: 5001 })
  t.match(then(probing(paused, 'alice'), refusedFor(1)), { name: 'paused', untilMs: 1 })
  const outage = afterFailuresOf('bob', 'alice', 'bob')
  t.match(then(outage, refusedFor(9000)), { untilMs: 9000, pauses: 0, cause: denied })
})

t.test('only a gate that was about to probe has anything to leave to another', async t => {
  t.equal(probedElsewhere(OPEN, 1000), OPEN)
  const paused: GateState = { name: 'paused', cause: denied, untilMs: 0, pauses: 0 }
  t.match(probedElsewhere(probing(paused, 'bob'), 1000), { name: 'elsewhere', untilMs: 1000 })
})

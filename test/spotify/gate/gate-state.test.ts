import t from 'tap'
import { NO_EVIDENCE } from '../../../src/spotify/gate/gate-evidence.ts'
import type { Outcome } from '../../../src/spotify/gate/gate-outcome.ts'
import {
  admission,
  type GateState,
  isClosed,
  OPEN,
  probing,
  subjectOfProbe,
  withRemoteProbe,
} from '../../../src/spotify/gate/gate-state.ts'
import {
  declined,
  denial,
  denied,
  down,
  each,
  failed,
  type History,
  limit,
  refusedFor,
  START,
  succeeded,
  then,
  unknown,
} from '../../support/gate-history.ts'

const probe = { isProbe: true, nowMs: 2000, subject: 'probed' }
/** The history while the probe, a request for `subject`, is in flight. */
const probed = ({ state, evidence }: History, subject = 'bob'): History => ({
  state: probing(state, subject),
  evidence,
})
const suspected = each(START, failed, ['bob', 'alice', 'bob'])
const outage = then(probed(suspected), failed, { isProbe: true })

t.test('failures alone do not close the gate: all requests wait for a probe', async t => {
  const { state, evidence } = suspected
  t.equal(state, OPEN)
  t.equal(admission(state, evidence, 'carol', 0), 'probe')
  t.equal(admission(OPEN, NO_EVIDENCE, 'carol', 0), 'send')
  const verifying = probing(state, 'carol')
  t.match(verifying, { name: 'verifying' })
  t.notOk(isClosed(verifying))
  for (const subject of ['bob', 'dave']) t.equal(admission(verifying, evidence, subject, 0), 'wait')
  t.equal(then(probed(suspected), succeeded, probe).state, OPEN)
  t.equal(then(probed(suspected), declined, probe).state, OPEN)
  t.match(outage.state, { name: 'paused', untilMs: 1000, pauses: 1, cause: down })
  t.equal(then(probed(suspected), unknown, probe).state, OPEN, 'the next request probes')
})

t.test('a paused gate refuses requests until the pause ends, then sends one probe', async t => {
  const { state: paused, evidence } = then(START, refusedFor(3000), { nowMs: 500 })
  t.equal(admission(paused, evidence, 'bob', 3499), 'refused')
  t.equal(admission(paused, evidence, 'bob', 3500), 'probe')
  const state = probing(paused, 'bob')
  t.match(state, { name: 'probing', cause: limit })
  t.equal(admission(state, evidence, 'bob', 3500), 'wait', 'other pages of the same list')
  t.equal(admission(state, evidence, 'alice', 3500), 'refused')
})

t.test('after a rate limit the request itself is the probe', async t => {
  const limited = then(suspected, refusedFor(3000))
  t.equal(subjectOfProbe(limited.state, limited.evidence, 'carol'), 'carol')
  t.equal(subjectOfProbe(outage.state, outage.evidence, 'carol'), '/users/spotify/playlists')
  t.equal(then(probed(limited), failed, probe).state, OPEN, 'its own failure does not matter')
  const denials = then(probed(then(limited, denied)), denied, probe)
  t.equal(denials.state, OPEN)
  t.equal(admission(OPEN, denials.evidence, 'carol', 2000), 'probe')
})

t.test('outage pauses double from 1 s to 60 s, plus up to a tenth in jitter', async t => {
  const pauses: number[] = []
  let history = outage
  for (let nth = 0; nth < 8; nth++) {
    if (history.state.name === 'paused') pauses.push(history.state.untilMs)
    history = then(probed(history), failed, { isProbe: true })
  }
  t.same(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  const late = then(probed(history), failed, { isProbe: true, nowMs: 7, jitter: 0.5 })
  t.match(late.state, { untilMs: 7 + 63_000 })
})

t.test('a pause lasts at least until Spotify allows a retry', async t => {
  for (const [forMs, pauseMs] of [
    [30_000, 30_000],
    [1500, 2000],
  ] as const) {
    const { state } = then(probed(outage), { kind: 'failed', cause: down, forMs }, probe)
    t.match(state, { name: 'paused', untilMs: 2000 + pauseMs, pauses: 2 })
  }
})

t.test("the probe's outcome opens or pauses the gate", async t => {
  for (const outcome of [succeeded, declined]) {
    t.equal(then(probed(outage), outcome, probe).state, OPEN)
  }
  t.match(then(probed(outage), failed, probe).state, { name: 'paused', untilMs: 4000, pauses: 2 })
  t.match(then(probed(outage), refusedFor(9000), probe).state, { untilMs: 11_000, cause: limit })
  const again = then(probed(outage), unknown, probe)
  t.match(
    again.state,
    { name: 'paused', cause: down },
    'after a cancelled probe the next request probes',
  )
  t.equal(admission(again.state, again.evidence, 'alice', 2000), 'probe')
})

t.test('the gate closes when Spotify denies a second subject', async t => {
  const once = then(START, denied)
  t.equal(once.state, OPEN)
  t.equal(admission(OPEN, once.evidence, 'alice', 0), 'probe')
  t.equal(then(probed(once), succeeded, probe).state, OPEN)
  const closed = then(probed(once), denied, probe)
  t.match(closed.state, { name: 'paused', untilMs: 302_000, pauses: 0, cause: denial })
  t.match(then(probed(closed), denied, probe).state, { untilMs: 302_000 })
  t.match(then(probed(closed), failed, probe).state, { cause: down, untilMs: 3000, pauses: 1 })
})

t.test('if the probe is the first denied subject, another probe follows', async t => {
  const once = then(probed(outage), denied, probe)
  t.match(once.state, { name: 'paused', cause: down, untilMs: 2000 })
  const next = { ...probe, subject: 'another' }
  t.match(then(probed(once), denied, next).state, { cause: denial, untilMs: 302_000 })
  const verified = then(probed(suspected), denied, probe)
  t.equal(verified.state, OPEN)
  t.match(then(probed(verified), denied, next).state, { cause: denial })
})

t.test("a pause for a peer's denial continues if the probe is denied", async t => {
  const state: GateState = { name: 'paused', cause: denial, untilMs: 0, pauses: 0 }
  const remote = { state, evidence: NO_EVIDENCE }
  t.match(then(probed(remote), denied, probe).state, { cause: denial, untilMs: 302_000 })
})

t.test('a request sent before the pause only changes it if Spotify refuses for longer', async t => {
  const paused = then(START, refusedFor(5000))
  const outcomes: Outcome[] = [succeeded, declined, failed, denied, unknown]
  for (const history of [paused, probed(paused, 'alice')]) {
    for (const outcome of outcomes) t.equal(then(history, outcome).state, history.state)
  }
  t.equal(then(paused, refusedFor(4000)).state, paused.state)
  t.equal(then(paused, refusedFor(5000)).state, paused.state)
  t.match(then(paused, refusedFor(5001)).state, { untilMs: 5001 })
  t.match(then(probed(paused, 'alice'), refusedFor(1)).state, { name: 'paused', untilMs: 1 })
  t.match(then(outage, refusedFor(9000)).state, { untilMs: 9000, pauses: 0, cause: limit })
})

t.test('only a gate about to probe defers to a peer', async t => {
  t.equal(withRemoteProbe(OPEN, 1000), OPEN)
  t.match(withRemoteProbe(probed(outage).state, 1000), { name: 'remote-probe', untilMs: 1000 })
})

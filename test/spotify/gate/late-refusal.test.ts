import t from 'tap'
import { GateController } from '../../../src/spotify/gate/gate-controller.ts'
import type { Outcome } from '../../../src/spotify/gate/gate-outcome.ts'
import { failed, refusedFor, succeeded, unknown } from '../../support/gate-history.ts'
import { recordingLogger } from '../../support/log-lines.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** A gate that pauses for an hour: during the probe, Spotify refused a request from before the outage. */
async function refusedBesideProbe() {
  const clock = new ManualClock()
  const { logger: log } = recordingLogger()
  const controller = new GateController({ clock, random: () => 0, log })
  const ended = (outcome: Outcome, subject: string, probe = controller.state) =>
    controller.end(outcome, { subject, probe, sentAt: 0 })
  for (const subject of ['ann', 'bob', 'ann']) ended(failed, subject, { name: 'open' })
  ended(failed, 'bob', controller.beginProbe('bob'))
  await clock.advance(1000)
  const probe = controller.beginProbe('bob')
  ended(refusedFor(3_600_000), 'eve', { name: 'open' })
  const { state } = controller
  await clock.advance(500)
  return { controller, state, endProbe: (outcome: Outcome) => ended(outcome, 'bob', probe) }
}

const endings: [what: string, outcome: Outcome][] = [
  ['succeeds', succeeded],
  ['fails', failed],
  ['is refused for a shorter time', refusedFor(2000)],
  ['is cancelled', unknown],
]

for (const [what, outcome] of endings) {
  t.test(`a refusal received during a probe stays in force when the probe ${what}`, async t => {
    const { controller, state, endProbe } = await refusedBesideProbe()
    t.match(state, { name: 'paused', untilMs: 3_601_000 })
    endProbe(outcome)
    t.equal(controller.state, state)
  })
}

t.test('a probe refused for longer extends the pause', async t => {
  const { controller, endProbe } = await refusedBesideProbe()
  endProbe(refusedFor(7_200_000))
  t.match(controller.state, { name: 'paused', untilMs: 7_201_500 })
})

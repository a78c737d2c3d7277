import t from 'tap'
import { inTime } from '../../src/replicas/open-connection.ts'
import { failureOf } from '../support/failure-of.ts'
import { ManualClock } from '../support/manual-clock.ts'

const TIMEOUT_MS = 50

t.test(
  'a timer firing too early, such as after a long tick, does not time out the command',
  async t => {
    const clock = new ManualClock()
    const early = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      schedule: (delayMs: number, task: () => void) => clock.schedule(delayMs / 2, task),
    }
    let failure: Error | undefined
    const waiting = failureOf(inTime(new Promise(() => {}), early, TIMEOUT_MS)).then(error => {
      failure = error as Error
    })
    await clock.advance(TIMEOUT_MS - 1)
    t.equal(failure, undefined)
    await clock.advance(2)
    await waiting
    t.match(failure, { reason: 'timeout' })
    t.same(clock.pending, [])
  },
)

t.test('a reply in time cancels the command timer', async t => {
  const clock = new ManualClock()
  t.equal(await inTime(Promise.resolve('reply'), clock, TIMEOUT_MS), 'reply')
  await clock.advance(0)
  t.same(clock.pending, [])
})

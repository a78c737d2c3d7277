import t from 'tap'
import { LookupQueue } from '../../src/spotify/lookup-queue.ts'
import { failureOf } from '../support/failure-of.ts'
import { terms } from '../support/gate.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'

/** A queue with one place, which each request keeps until it is let go. */
function queueOf(queue: number) {
  const clock = new ManualClock()
  const lookups = new LookupQueue({ concurrency: 1, queue, clock })
  const holding: (() => void)[] = []
  const ask = (subject: string, isRefresh = false, startByMs = 15_000) =>
    lookups.inPlace(
      () => new Promise<void>(resolve => holding.push(resolve)),
      terms({ subject, isRefresh, startByMs }),
    )
  const next = async () => {
    await until(() => holding.length > 0)
    holding.shift()?.()
  }
  return { lookups, clock, ask, next }
}

t.test('as many lookups wait as allowed, one more learns at once that it may not', async t => {
  const { lookups, clock, ask, next } = queueOf(2)
  const served = [ask('a'), ask('b'), ask('c')]
  t.match(await failureOf(ask('d')), { type: 'overloaded', retryAt: clock.now() + 1000 })
  t.match(lookups, { inFlight: 1, queued: 2 })
  for (const lookup of served) {
    await next()
    await lookup
  }
  t.match(lookups, { inFlight: 0, queued: 0 })
})

t.test('several requests of one lookup wait as one, and one that has begun always may', async t => {
  const { lookups, ask, next } = queueOf(1)
  const served = [ask('a'), ask('b'), ask('b'), ask('a', false, Number.POSITIVE_INFINITY)]
  t.equal(lookups.queued, 1)
  t.match(await failureOf(ask('c')), { type: 'overloaded' })
  for (let request = 0; request < 4; request++) await next()
  await Promise.all(served)
  t.equal(lookups.queued, 0)
})

t.test('refreshes behind answers leave half of the queue to those who have no answer', async t => {
  const { ask, next } = queueOf(4)
  const served = [ask('a'), ask('b', true), ask('c', true)]
  t.match(await failureOf(ask('d', true)), { type: 'overloaded' })
  served.push(ask('e'))
  for (let request = 0; request < 4; request++) await next()
  await Promise.all(served)
})

t.test(
  'who could not be served before the deadline learns it at once, and when to ask',
  async t => {
    const { clock, ask, next } = queueOf(100)
    const slow = ask('slow')
    await clock.advance(0)
    await clock.advance(10_000)
    await next()
    await slow
    // From now on a request is thought to take 2 s.
    const served = [ask('a')]
    for (let lookup = 0; lookup < 3; lookup++) served.push(ask(`lookup ${lookup}`, false, 20_000))
    t.match(await failureOf(ask('b', false, clock.monotonic() + 5999)), {
      type: 'overloaded',
      retryAt: clock.now() + 6000,
    })
    served.push(ask('c', false, clock.monotonic() + 6000))
    for (let request = 0; request < 5; request++) await next()
    await Promise.all(served)
  },
)

t.test('a place is given on, once, as soon as the work no longer needs it', async t => {
  const lookups = new LookupQueue({ concurrency: 1, queue: 2, clock: new ManualClock() })
  const ends: (() => void)[] = []
  const ask = (subject: string, leavesEarly: boolean) =>
    lookups.inPlace(
      leave =>
        new Promise<void>(resolve => {
          ends.push(resolve)
          if (leavesEarly) leave()
        }),
      terms({ subject, startByMs: 15_000 }),
    )
  const served = [ask('a', true), ask('b', false), ask('c', false)]
  await until(() => ends.length === 2)
  t.match(lookups, { inFlight: 1, queued: 1 }, 'b has the place that a has left')
  ends[0]?.()
  await served[0]
  t.match(lookups, { inFlight: 1, queued: 1 }, 'the end of a gives it to nobody once more')
  ends[1]?.()
  await until(() => ends.length === 3)
  ends[2]?.()
  await Promise.all(served)
  t.match(lookups, { inFlight: 0, queued: 0 })
})

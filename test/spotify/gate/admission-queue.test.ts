import t from 'tap'
import { WaitingCallers } from '../../../src/lib/waiting-callers.ts'
import { AdmissionQueue } from '../../../src/spotify/gate/admission-queue.ts'
import { failureOf } from '../../support/failure-of.ts'
import { passOptions } from '../../support/gate.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'

/** A queue with a single slot; each request holds the slot until `next()`. */
function queueOf(queue: number) {
  const clock = new ManualClock()
  const lookups = new AdmissionQueue({ concurrency: 1, queue, clock })
  const holding: (() => void)[] = []
  const ask = (subject: string, isRevalidation = false, startByMs = 15_000) =>
    lookups.run(
      () => new Promise<void>(resolve => holding.push(resolve)),
      passOptions({ subject, isRevalidation, startByMs }),
    )
  /** Starts a lookup for the caller named by the subject's first letter. */
  const askFor = (
    subject: string,
    callers = new WaitingCallers(subject.slice(0, 1)),
    isRevalidation = false,
  ) =>
    lookups.run(
      () => new Promise<void>(resolve => holding.push(resolve)),
      passOptions({ subject, callers, isRevalidation, startByMs: 15_000 }),
    )
  const next = async () => {
    await until(() => holding.length > 0)
    holding.shift()?.()
  }
  return { lookups, clock, ask, askFor, next }
}

t.test('the queue immediately refuses lookups beyond the limit', async t => {
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

t.test("the queue counts a lookup's requests once and always admits a started lookup", async t => {
  const { lookups, ask, next } = queueOf(1)
  const served = [ask('a'), ask('b'), ask('b'), ask('a', false, Number.POSITIVE_INFINITY)]
  t.equal(lookups.queued, 1)
  t.match(await failureOf(ask('c')), { type: 'overloaded' })
  for (let request = 0; request < 4; request++) await next()
  await Promise.all(served)
  t.equal(lookups.queued, 0)
})

t.test('background revalidations use at most half the queue', async t => {
  const { ask, next } = queueOf(4)
  const served = [ask('a'), ask('b', true), ask('c', true)]
  t.match(await failureOf(ask('d', true)), { type: 'overloaded' })
  served.push(ask('e'))
  for (let request = 0; request < 4; request++) await next()
  await Promise.all(served)
})

t.test(
  'a lookup bound to miss its deadline is refused immediately, with a Retry-After',
  async t => {
    const { clock, ask, next } = queueOf(100)
    const slow = ask('slow')
    await clock.advance(0)
    await clock.advance(10_000)
    await next()
    await slow
    // The average duration is 2 s now.
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

t.test('a request can release its slot early', async t => {
  const lookups = new AdmissionQueue({ concurrency: 1, queue: 2, clock: new ManualClock() })
  const ends: (() => void)[] = []
  const ask = (subject: string, isEarly: boolean) =>
    lookups.run(
      release =>
        new Promise<void>(resolve => {
          ends.push(resolve)
          if (isEarly) release()
        }),
      passOptions({ subject, startByMs: 15_000 }),
    )
  const served = [ask('a', true), ask('b', false), ask('c', false)]
  await until(() => ends.length === 2)
  t.match(lookups, { inFlight: 1, queued: 1 }, 'b has the slot that a released')
  ends[0]?.()
  await served[0]
  t.match(lookups, { inFlight: 1, queued: 1 }, 'the end of a releases nothing')
  ends[1]?.()
  await until(() => ends.length === 3)
  ends[2]?.()
  await Promise.all(served)
  t.match(lookups, { inFlight: 0, queued: 0 })
})

t.test(
  'a caller with few waiting lookups displaces the latest lookup from the caller with the most',
  async t => {
    const { lookups, clock, askFor, next } = queueOf(4)
    const served = [askFor('a0'), askFor('a1'), askFor('a2'), askFor('a3')]
    const displaced = [failureOf(askFor('a4'))]
    t.match(await failureOf(askFor('a5')), { type: 'overloaded' }, 'it has the most itself')
    served.push(askFor('b0'))
    t.match(await displaced[0], { type: 'overloaded', retryAt: clock.now() + 1000 })
    displaced.push(failureOf(served[3] as Promise<void>))
    served[3] = askFor('c0')
    t.match(await displaced[1], { type: 'overloaded' })
    t.match(await failureOf(askFor('b1')), { type: 'overloaded' }, 'two each is fair')
    t.match(
      await failureOf(askFor('d0', undefined, true)),
      { type: 'overloaded' },
      'a revalidation',
    )
    t.equal(lookups.queued, 4)
    for (let lookup = 0; lookup < 5; lookup++) await next()
    await Promise.all(served)
    t.match(lookups, { inFlight: 0, queued: 0 })
  },
)

t.test('a lookup with several waiting callers is not displaced', async t => {
  const { askFor, next } = queueOf(3)
  const shared = new WaitingCallers('a')
  shared.join('b')
  const served = [askFor('a0'), askFor('a1')]
  const displaced = failureOf(askFor('a2'))
  served.push(askFor('a3', shared), askFor('c0'))
  t.match(await displaced, { type: 'overloaded' })
  const both = new WaitingCallers('a')
  both.join('c')
  for (let lookup = 0; lookup < 4; lookup++) await next()
  await Promise.all(served)

  const again = [askFor('x'), askFor('a1', shared), askFor('a2', shared), askFor('a3', both)]
  t.match(await failureOf(askFor('d0')), { type: 'overloaded' })
  for (let lookup = 0; lookup < 4; lookup++) await next()
  await Promise.all(again)
})

t.test('all requests for a displaced lookup are cancelled', async t => {
  const { lookups, askFor, next } = queueOf(2)
  const served = [askFor('x'), askFor('a0')]
  const displaced = [askFor('a1'), askFor('a1'), askFor('a1')].map(failureOf)
  served.push(askFor('b0'))
  const again = failureOf(askFor('a1'))
  t.match(await Promise.all(displaced), Array(3).fill({ type: 'overloaded' }))
  t.match(await again, { type: 'overloaded' })
  t.equal(lookups.queued, 2)
  for (let lookup = 0; lookup < 3; lookup++) await next()
  await Promise.all(served)
  t.equal(lookups.queued, 0)
})

t.test('the expected wait counts the requests ahead of the caller', async t => {
  const { clock, ask, askFor, next } = queueOf(100)
  const slow = ask('slow')
  await clock.advance(0)
  await clock.advance(10_000)
  await next()
  await slow
  // The average duration is 2 s now.
  const served = [askFor('a0'), askFor('a1'), askFor('a2'), askFor('a3')]
  t.match(await failureOf(askFor('a4')), { type: 'overloaded', retryAt: clock.now() + 6000 })
  served.push(askFor('b0'))
  t.match(await failureOf(askFor('b1')), { retryAt: clock.now() + 6000 }, 'two of a are ahead')
  served.push(askFor('c0'))
  for (let lookup = 0; lookup < 6; lookup++) await next()
  await Promise.all(served)
})

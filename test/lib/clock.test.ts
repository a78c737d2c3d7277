import { getEventListeners } from 'node:events'
import t from 'tap'
import { backOffMs, pause, repeat, withTimeout } from '../../src/lib/clock.ts'
import { failureOf } from '../support/failure-of.ts'
import { ManualClock } from '../support/manual-clock.ts'

/** A pause and its observable effects. */
function pausing(delayMs: number) {
  const clock = new ManualClock()
  const controller = new AbortController()
  const { signal } = controller
  let state = 'waiting'
  const done = pause(clock, delayMs, signal)
  done.then(
    () => {
      state = 'resolved'
    },
    () => {
      state = 'rejected'
    },
  )
  return {
    clock,
    controller,
    done,
    state: () => state,
    listeners: () => getEventListeners(signal, 'abort').length,
  }
}

t.test('a pause ends after the delay and not before', async t => {
  for (const [delayMs, elapsedMs, state] of [
    [1000, 0, 'waiting'],
    [1000, 999, 'waiting'],
    [1000, 1000, 'resolved'],
    [1000, 1001, 'resolved'],
    [0, 0, 'resolved'],
  ] as const) {
    const { clock, state: seen } = pausing(delayMs)
    await clock.advance(elapsedMs)
    t.equal(seen(), state, `${elapsedMs} of ${delayMs} ms`)
  }
})

t.test('a pause leaves neither timer nor listener', async t => {
  const { clock, done, listeners } = pausing(1000)
  t.strictSame(clock.pending, [1000])
  t.equal(listeners(), 1)
  await clock.advance(1000)
  t.equal(await done, undefined)
  t.strictSame(clock.pending, [])
  t.equal(listeners(), 0)
})

t.test('aborting after a pause ends changes nothing', async t => {
  const { clock, controller, done, state } = pausing(1000)
  await clock.advance(1000)
  controller.abort(new Error('late'))
  await t.resolves(done)
  t.equal(state(), 'resolved')
})

t.test('an abort rejects the pause and removes timer and listener', async t => {
  const { clock, controller, done, state, listeners } = pausing(1000)
  await clock.advance(999)
  const reason = new Error('closing')
  controller.abort(reason)
  t.equal(await failureOf(done), reason)
  t.strictSame(clock.pending, [])
  t.equal(listeners(), 0)
  await clock.advance(10_000)
  t.equal(state(), 'rejected', 'it stays rejected')
})

t.test('a pause with an aborted signal rejects immediately', async t => {
  const clock = new ManualClock()
  const reason = new Error('closed')
  const signal = AbortSignal.abort(reason)
  t.equal(await failureOf(pause(clock, 1000, signal)), reason)
  t.strictSame(clock.pending, [])
  t.equal(getEventListeners(signal, 'abort').length, 0)
})

t.test('pauses with the same signal end independently, or all on abort', async t => {
  const clock = new ManualClock()
  const controller = new AbortController()
  const pauses = [1000, 2000, 3000].map(delayMs => pause(clock, delayMs, controller.signal))
  const endings = Promise.allSettled(pauses)
  await clock.advance(1000)
  t.strictSame(clock.pending, [1000, 2000])
  controller.abort('closing')
  t.strictSame(await endings, [
    { status: 'fulfilled', value: undefined },
    { status: 'rejected', reason: 'closing' },
    { status: 'rejected', reason: 'closing' },
  ])
  t.strictSame(clock.pending, [])
  t.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

t.test('work that finishes before the deadline keeps its result', async t => {
  const clock = new ManualClock()
  const timeout = () => new Error('too late')
  t.equal(await withTimeout(clock, 1000, Promise.resolve('done'), timeout), 'done')
  const failure = new Error('failed')
  t.equal(await failureOf(withTimeout(clock, 1000, Promise.reject(failure), timeout)), failure)
  t.strictSame(clock.pending, [])
})

t.test('work that takes too long times out', async t => {
  const clock = new ManualClock()
  const late = failureOf(
    withTimeout(clock, 1000, new Promise(() => {}), () => new Error('too late')),
  )
  await clock.advance(1000)
  t.match(await late, { message: 'too late' })
})

t.test('repeated work pauses after each run and can be stopped during a run', async t => {
  const clock = new ManualClock()
  let times = 0
  let finish = () => {}
  const end = repeat(clock, 1000, () => {
    times++
    return new Promise<void>(resolve => {
      finish = resolve
    })
  })
  await clock.advance(5000)
  t.equal(times, 1, 'the first one has not ended')
  finish()
  await clock.advance(0)
  t.strictSame(clock.pending, [1000])
  await clock.advance(1000)
  end()
  finish()
  await clock.advance(1000)
  t.equal(times, 2)
  t.strictSame(clock.pending, [])
})

t.test('the back-off doubles from one second to a minute', async t => {
  t.strictSame([1, 2, 3, 6, 7, 100].map(backOffMs), [1000, 2000, 4000, 32_000, 60_000, 60_000])
})

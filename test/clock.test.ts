import { getEventListeners } from 'node:events'
import t from 'tap'
import { pause } from '../src/clock.ts'
import { failureOf } from './support/failure-of.ts'
import { ManualClock } from './support/manual-clock.ts'

/** A pause and what can be seen of it from outside. */
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

t.test('A pause is over after its delay and not before', async t => {
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

t.test('A pause that is over leaves neither timer nor listener behind', async t => {
  const { clock, done, listeners } = pausing(1000)
  t.strictSame(clock.pending, [1000])
  t.equal(listeners(), 1)
  await clock.advance(1000)
  t.equal(await done, undefined)
  t.strictSame(clock.pending, [])
  t.equal(listeners(), 0)
})

t.test('An abort after the end changes nothing', async t => {
  const { clock, controller, done, state } = pausing(1000)
  await clock.advance(1000)
  controller.abort(new Error('late'))
  await t.resolves(done)
  t.equal(state(), 'resolved')
})

t.test('An abort ends the pause with its reason, and timer and listener are gone', async t => {
  const { clock, controller, done, state, listeners } = pausing(1000)
  await clock.advance(999)
  const reason = new Error('closing')
  controller.abort(reason)
  t.equal(await failureOf(done), reason)
  t.strictSame(clock.pending, [])
  t.equal(listeners(), 0)
  await clock.advance(10_000)
  t.equal(state(), 'rejected', 'for good')
})

t.test('With a signal that has aborted already the pause does not even begin', async t => {
  const clock = new ManualClock()
  const reason = new Error('closed')
  const signal = AbortSignal.abort(reason)
  t.equal(await failureOf(pause(clock, 1000, signal)), reason)
  t.strictSame(clock.pending, [])
  t.equal(getEventListeners(signal, 'abort').length, 0)
})

t.test('Pauses with one signal end each at its own time and all together on abort', async t => {
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

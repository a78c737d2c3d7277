import { getEventListeners } from 'node:events'
import t from 'tap'
import { untilAborted } from '../../src/lib/until-aborted.ts'

const stopped = new Error('stopped')
const never = new Promise<string>(() => {})

t.test('untilAborted settles with the work or the abort, and leaves no listener', async t => {
  const controller = new AbortController()
  const { signal } = controller
  t.equal(await untilAborted(Promise.resolve('done'), signal), 'done')
  const failed = new Error('failed')
  await t.rejects(untilAborted(Promise.reject(failed), signal), failed)
  t.same(getEventListeners(signal, 'abort'), [])
  const waiting = untilAborted(never, signal)
  controller.abort(stopped)
  await t.rejects(waiting, stopped)
  t.same(getEventListeners(signal, 'abort'), [])
})

t.test(
  'untilAborted rejects immediately if the signal has aborted, whatever the work does',
  async t => {
    const signal = AbortSignal.abort(stopped)
    await t.rejects(untilAborted(never, signal), stopped)
    // The failed work must not cause an unhandled rejection.
    await t.rejects(untilAborted(Promise.reject(new Error('late')), signal), stopped)
  },
)

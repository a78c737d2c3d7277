import { getEventListeners } from 'node:events'
import t from 'tap'
import { childAbortController } from '../../src/lib/child-abort-signal.ts'

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

t.test('a child signal aborts with its parent, with the same reason', async t => {
  const parent = new AbortController()
  const { signal } = childAbortController(parent.signal)
  t.equal(signal.aborted, false)
  const reason = new Error('closing')
  parent.abort(reason)
  t.equal(signal.aborted, true)
  t.equal(signal.reason, reason)
  t.equal(listeners(parent.signal), 0, 'no listener on the parent')
})

t.test('an already aborted parent immediately aborts a child signal', async t => {
  const reason = new Error('closed')
  const parent = AbortSignal.abort(reason)
  const { signal, dispose } = childAbortController(parent)
  t.equal(signal.aborted, true)
  t.equal(signal.reason, reason)
  t.equal(listeners(parent), 0)
  t.doesNotThrow(dispose)
})

t.test('aborting a child signal affects neither the parent nor other child signals', async t => {
  const parent = new AbortController()
  const one = childAbortController(parent.signal)
  const other = childAbortController(parent.signal)
  const reason = new Error('timed out')
  one.abort(reason)
  t.equal(one.signal.reason, reason)
  t.equal(parent.signal.aborted, false)
  t.equal(other.signal.aborted, false)
})

t.test('a child signal keeps its first reason, whether from itself or the parent', async t => {
  const first = new Error('first')
  const second = new Error('second')

  const alone = new AbortController()
  const own = childAbortController(alone.signal)
  own.abort(first)
  alone.abort(second)
  t.equal(own.signal.reason, first)

  const parent = new AbortController()
  const followed = childAbortController(parent.signal)
  parent.abort(first)
  followed.abort(second)
  t.equal(followed.signal.reason, first)
})

t.test('after dispose, a child signal no longer follows the parent', async t => {
  const parent = new AbortController()
  const child = childAbortController(parent.signal)
  child.dispose()
  parent.abort(new Error('closing'))
  t.equal(child.signal.aborted, false)
  const reason = new Error('late')
  child.abort(reason)
  t.equal(child.signal.reason, reason, 'it can still be aborted')
})

t.test('dispose removes the listener from the parent', async t => {
  const parent = new AbortController()
  const children = Array.from({ length: 20 }, () => childAbortController(parent.signal))
  t.equal(listeners(parent.signal), 20)
  for (const [index, child] of children.entries()) {
    if (index % 2 === 0) child.abort(new Error('over'))
    child.dispose()
    child.dispose()
    t.equal(listeners(parent.signal), 19 - index)
  }
})

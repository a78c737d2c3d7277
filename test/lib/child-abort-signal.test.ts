import { getEventListeners } from 'node:events'
import t from 'tap'
import { linkedAbort } from '../../src/lib/child-abort-signal.ts'

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

t.test('The signal aborts with its parent, for the same reason', async t => {
  const parent = new AbortController()
  const { signal } = linkedAbort(parent.signal)
  t.equal(signal.aborted, false)
  const reason = new Error('closing')
  parent.abort(reason)
  t.equal(signal.aborted, true)
  t.equal(signal.reason, reason)
  t.equal(listeners(parent.signal), 0, 'and nothing stays behind on the parent')
})

t.test('A parent that has aborted already aborts the signal at once', async t => {
  const reason = new Error('closed')
  const parent = AbortSignal.abort(reason)
  const { signal, unlink } = linkedAbort(parent)
  t.equal(signal.aborted, true)
  t.equal(signal.reason, reason)
  t.equal(listeners(parent), 0)
  t.doesNotThrow(unlink)
})

t.test('Aborting the signal leaves the parent and its other signals alone', async t => {
  const parent = new AbortController()
  const one = linkedAbort(parent.signal)
  const other = linkedAbort(parent.signal)
  const reason = new Error('timed out')
  one.abort(reason)
  t.equal(one.signal.reason, reason)
  t.equal(parent.signal.aborted, false)
  t.equal(other.signal.aborted, false)
})

t.test('The first reason stays, whichever side it came from', async t => {
  const first = new Error('first')
  const second = new Error('second')

  const alone = new AbortController()
  const own = linkedAbort(alone.signal)
  own.abort(first)
  alone.abort(second)
  t.equal(own.signal.reason, first)

  const parent = new AbortController()
  const followed = linkedAbort(parent.signal)
  parent.abort(first)
  followed.abort(second)
  t.equal(followed.signal.reason, first)
})

t.test('After letting go the signal no longer follows its parent', async t => {
  const parent = new AbortController()
  const link = linkedAbort(parent.signal)
  link.unlink()
  parent.abort(new Error('closing'))
  t.equal(link.signal.aborted, false)
  const reason = new Error('late')
  link.abort(reason)
  t.equal(link.signal.reason, reason, 'but can still be aborted')
})

t.test('Letting go leaves no trace on a parent that lives on', async t => {
  const parent = new AbortController()
  const links = Array.from({ length: 20 }, () => linkedAbort(parent.signal))
  t.equal(listeners(parent.signal), 20)
  for (const [index, link] of links.entries()) {
    if (index % 2 === 0) link.abort(new Error('over'))
    link.unlink()
    link.unlink()
    t.equal(listeners(parent.signal), 19 - index)
  }
})

import t from 'tap'
import { makeLines } from '../../../src/http/representation/line-formats.ts'
import { SerialisedItems, segmentOf } from '../../../src/playlists/serialised-items.ts'
import { failureOf } from '../../support/failure-of.ts'

/** A list with one playlist on each page. */
const list = (pages: number) =>
  new SerialisedItems(
    Array.from({ length: pages }, (_, id) => segmentOf([JSON.stringify({ id })], ',')),
  )
const connected = new AbortController().signal

t.test('concurrent line formats share one task per tick', async t => {
  let tick = 0
  let isDone = false
  const count = () => {
    tick++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const ticks: number[] = []
  const line = () => {
    ticks.push(tick)
    return 'line'
  }
  const made = [1, 2, 3].map(() => makeLines(list(4), line, '\n', connected))
  for (const { length } of await Promise.all(made)) t.equal(length, 4)
  isDone = true
  t.equal(ticks.length, 12)
  t.equal(new Set(ticks).size, 12, `ticks ${ticks}`)
})

t.test('a cancelled line format stops before the next page', async t => {
  const caller = new AbortController()
  const read: number[] = []
  const line = (position: number) => {
    read.push(position)
    if (position === 2) caller.abort(new Error('gone'))
    return 'line'
  }
  t.match(await failureOf(makeLines(list(9), line, '\n', caller.signal)), { message: 'gone' })
  t.same(read, [1, 2])
})

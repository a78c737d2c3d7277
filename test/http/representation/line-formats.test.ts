import t from 'tap'
import { listing } from '../../../src/http/representation/line-formats.ts'
import { SerialisedItems, segmentOf } from '../../../src/playlists/serialised-items.ts'
import { failureOf } from '../../support/failure-of.ts'

/** A list of pages with one playlist each. */
const list = (pages: number) =>
  new SerialisedItems(
    Array.from({ length: pages }, (_, id) => segmentOf([JSON.stringify({ id })], ',')),
  )
const stays = new AbortController().signal

t.test('listings that are made at once share turns of the event loop', async t => {
  let turn = 0
  let isDone = false
  const count = () => {
    turn++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  const turns: number[] = []
  const line = () => {
    turns.push(turn)
    return 'line'
  }
  const made = [1, 2, 3].map(() => listing(list(4), line, '\n', stays))
  for (const { length } of await Promise.all(made)) t.equal(length, 4)
  isDone = true
  t.equal(turns.length, 12)
  t.equal(new Set(turns).size, 12, `turns ${turns}`)
})

t.test('a listing that is cancelled stops before its next page', async t => {
  const caller = new AbortController()
  const read: number[] = []
  const line = (position: number) => {
    read.push(position)
    if (position === 2) caller.abort(new Error('gone'))
    return 'line'
  }
  t.match(await failureOf(listing(list(9), line, '\n', caller.signal)), { message: 'gone' })
  t.same(read, [1, 2])
})

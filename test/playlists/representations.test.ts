import t from 'tap'
import { VariantCache } from '../../src/playlists/representations.ts'
import { SerialisedItems, segmentOf } from '../../src/playlists/serialised-items.ts'
import { failureOf } from '../support/failure-of.ts'

const KEY_BYTES = 2

/** Lines that hold this many bytes, more than their overhead. */
function made(heldBytes: number): SerialisedItems {
  const { heldBytes: overhead } = new SerialisedItems([segmentOf([''], '\n')])
  return new SerialisedItems([segmentOf(['x'.repeat(heldBytes - overhead)], '\n')])
}

const stays = () => new AbortController().signal
const linesFor = (maxBytes = 1_000_000) => new VariantCache(maxBytes).lines

t.test('a variant is made once, and cached', async t => {
  const lines = linesFor()
  t.equal(lines.get('csv'), undefined)
  const one = lines.make('csv', async () => made(1000), stays())
  const other = lines.make('csv', () => t.fail('it is being made') as never, stays())
  t.equal(lines.get('csv'), undefined)
  t.ok(lines.isMaking('csv'))
  t.equal(await one, await other)
  t.equal(lines.get('csv'), await one)
  t.notOk(lines.isMaking('csv'))
})

t.test('all variants and their keys count, and the least recently used ones go', async t => {
  const variants = new VariantCache(10_000)
  const { lines, representations } = variants
  await lines.make('a', async () => made(3000), stays())
  await representations.make('b', async () => ({ heldBytes: 3000 }) as never, stays())
  t.equal(variants.heldBytes, 2 * (3000 + KEY_BYTES))
  lines.get('a')
  await lines.make('c'.repeat(500), async () => made(3500), stays())
  t.ok(lines.get('a'))
  t.equal(representations.get('b'), undefined)
  t.equal(variants.heldBytes, 3000 + 3500 + 501 * KEY_BYTES)
})

t.test('a variant that alone exceeds the bound is handed out and not cached', async t => {
  const variants = new VariantCache(10_000)
  const { lines } = variants
  t.equal((await lines.make('csv', async () => made(10_001), stays())).heldBytes, 10_001)
  t.equal(lines.get('csv'), undefined)
  t.equal(variants.heldBytes, 0)
})

t.test('a failure is not cached, so that the next caller tries again', async t => {
  const lines = linesFor()
  const failing = lines.make('csv', () => Promise.reject(new Error('no memory')), stays())
  t.match(await failureOf(failing), { message: 'no memory' })
  t.notOk(lines.isMaking('csv'))
  t.equal((await lines.make('csv', async () => made(1000), stays())).heldBytes, 1000)
})

/** Work that ends when the test says so, and the signal that it was given. */
function work() {
  let finish = (_made: SerialisedItems) => {}
  const promise = new Promise<SerialisedItems>(resolve => {
    finish = resolve
  })
  const given = new AbortController()
  const start = (signal: AbortSignal) => {
    signal.addEventListener('abort', () => given.abort(signal.reason))
    return promise
  }
  return { start, finish, signal: given.signal }
}

t.test('a caller that leaves takes nothing from another that waits for the same', async t => {
  const lines = linesFor()
  const [first, second] = [new AbortController(), new AbortController()]
  const { start, finish, signal } = work()
  const csv = lines.make('csv', start, first.signal)
  const same = lines.make('csv', start, second.signal)
  first.abort()
  t.notOk(signal.aborted)
  finish(made(1000))
  t.equal(await same, await csv)
  second.abort()
  t.ok(lines.get('csv'), 'what is cached stays')
})

t.test('work is aborted when the last caller leaves, and the next one starts over', async t => {
  const lines = linesFor()
  const [first, second] = [new AbortController(), new AbortController()]
  const { start, finish, signal } = work()
  const csv = lines.make('csv', start, first.signal)
  const same = lines.make('csv', start, second.signal)
  first.abort()
  second.abort(new Error('gone'))
  t.match(signal.reason, { message: 'gone' })
  t.notOk(lines.isMaking('csv'), 'at once')
  const again = lines.make('csv', async () => made(2000), stays())
  // Too late to be stopped.
  finish(made(1000))
  t.match(await failureOf(csv), { message: 'gone' })
  t.match(await failureOf(same), { message: 'gone' })
  await again
  t.match(lines.get('csv'), { heldBytes: 2000 })
})

t.test('a caller that had left before neither starts work nor keeps it going', async t => {
  const lines = linesFor()
  const gone = AbortSignal.abort()
  const never = () => t.fail('it is not started') as never
  t.match(await failureOf(lines.make('csv', never, gone)), { name: 'AbortError' })
  t.notOk(lines.isMaking('csv'))
  const { start, finish, signal } = work()
  const caller = new AbortController()
  const csv = lines.make('csv', start, caller.signal)
  t.match(await failureOf(lines.make('csv', never, gone)), { name: 'AbortError' })
  caller.abort()
  t.ok(signal.aborted)
  finish(made(1000))
  await failureOf(csv)
})

import t from 'tap'
import { VariantCache } from '../../src/playlists/representations.ts'
import { SerialisedItems, segmentOf } from '../../src/playlists/serialised-items.ts'
import { failureOf } from '../support/failure-of.ts'

const KEY_BYTES = 2

/** Lines with this many bytes, including overhead. */
function made(heldBytes: number): SerialisedItems {
  const { heldBytes: overhead } = new SerialisedItems([segmentOf([''], '\n')])
  return new SerialisedItems([segmentOf(['x'.repeat(heldBytes - overhead)], '\n')])
}

const connected = () => new AbortController().signal
const linesFor = (maxBytes = 1_000_000) => new VariantCache(maxBytes).current.lines

t.test('a variant is made once and cached', async t => {
  const lines = linesFor()
  t.equal(lines.get('csv'), undefined)
  const one = lines.make('csv', async () => made(1000), connected())
  const other = lines.make('csv', () => t.fail('it is already in progress') as never, connected())
  t.equal(lines.get('csv'), undefined)
  t.ok(lines.isPending('csv'))
  t.equal(await one, await other)
  t.equal(lines.get('csv'), await one)
  t.notOk(lines.isPending('csv'))
})

t.test(
  'keys count towards variant size, and the least recently used variants are evicted',
  async t => {
    const variants = new VariantCache(10_000)
    const { lines, representations } = variants.current
    await lines.make('a', async () => made(3000), connected())
    await representations.make('b', async () => ({ heldBytes: 3000 }) as never, connected())
    t.equal(variants.heldBytes, 2 * (3000 + KEY_BYTES))
    lines.get('a')
    await lines.make('c'.repeat(500), async () => made(3500), connected())
    t.ok(lines.get('a'))
    t.equal(representations.get('b'), undefined)
    t.equal(variants.heldBytes, 3000 + 3500 + 501 * KEY_BYTES)
  },
)

t.test('a variant larger than the bound is returned but not cached', async t => {
  const variants = new VariantCache(10_000)
  const { lines } = variants.current
  t.equal((await lines.make('csv', async () => made(10_001), connected())).heldBytes, 10_001)
  t.equal(lines.get('csv'), undefined)
  t.equal(variants.heldBytes, 0)
})

t.test('a failure to make a variant is not cached', async t => {
  const lines = linesFor()
  const failing = lines.make('csv', () => Promise.reject(new Error('no memory')), connected())
  t.match(await failureOf(failing), { message: 'no memory' })
  t.notOk(lines.isPending('csv'))
  t.equal((await lines.make('csv', async () => made(1000), connected())).heldBytes, 1000)
})

/** Work finished by the test, and the signal passed to the work. */
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

t.test('a disconnecting caller does not affect others waiting for the same variant', async t => {
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
  t.ok(lines.get('csv'), 'it stays cached')
})

t.test(
  'work is cancelled once the last caller disconnects, and the next caller restarts it',
  async t => {
    const lines = linesFor()
    const [first, second] = [new AbortController(), new AbortController()]
    const { start, finish, signal } = work()
    const csv = lines.make('csv', start, first.signal)
    const same = lines.make('csv', start, second.signal)
    first.abort()
    second.abort(new Error('gone'))
    t.match(signal.reason, { message: 'gone' })
    t.notOk(lines.isPending('csv'), 'immediately')
    const again = lines.make('csv', async () => made(2000), connected())
    // The work finishes even though it was cancelled.
    finish(made(1000))
    t.match(await failureOf(csv), { message: 'gone' })
    t.match(await failureOf(same), { message: 'gone' })
    await again
    t.match(lines.get('csv'), { heldBytes: 2000 })
  },
)

t.test('an already disconnected caller neither starts nor joins work', async t => {
  const lines = linesFor()
  const gone = AbortSignal.abort()
  const never = () => t.fail('it must not start') as never
  t.match(await failureOf(lines.make('csv', never, gone)), { name: 'AbortError' })
  t.notOk(lines.isPending('csv'))
  const { start, finish, signal } = work()
  const caller = new AbortController()
  const csv = lines.make('csv', start, caller.signal)
  t.match(await failureOf(lines.make('csv', never, gone)), { name: 'AbortError' })
  caller.abort()
  t.ok(signal.aborted)
  finish(made(1000))
  await failureOf(csv)
})

t.test('clear() empties the cache, and work in progress is not cached', async t => {
  const variants = new VariantCache(1_000_000)
  const { lines: before } = variants.current
  await before.make('csv', async () => made(1000), connected())
  const { start, finish } = work()
  const late = before.make('text', start, connected())
  variants.clear()
  const { lines } = variants.current
  t.equal(lines.get('csv'), undefined)
  t.notOk(lines.isPending('text'))
  t.equal(variants.heldBytes, 0)
  finish(made(1000))
  t.equal((await late).heldBytes, 1000, 'its callers get it')
  t.equal(lines.get('text'), undefined)
  t.equal((await lines.make('text', async () => made(2000), connected())).heldBytes, 2000)
  t.ok(lines.get('text'))
})

t.test('a slot holds the variant while it is cached', async t => {
  const variants = new VariantCache(10_000)
  const { lines } = variants.current
  t.equal(lines.slot('csv'), undefined)
  const csv = await lines.make('csv', async () => made(3000), connected())
  const slot = lines.slot('csv')
  t.equal(slot?.variant, csv)
  await lines.make('text', async () => made(9000), connected())
  t.equal(slot?.variant, undefined, 'it was evicted')
  const text = lines.slot('text')
  variants.clear()
  t.equal(text?.variant, undefined, 'the cache was cleared')
})

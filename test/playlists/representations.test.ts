import t from 'tap'
import type { Sized } from '../../src/cache/memory-store.ts'
import { Derived } from '../../src/playlists/representations.ts'
import { failureOf } from '../support/failure-of.ts'

const yes = () => true
const made = (heldBytes: number): Sized => ({ heldBytes })
const staying = { left: () => new AbortController().signal }
const options = { left: staying.left(), mayKeep: yes }

t.test('what is made is kept, counted and not made again', async t => {
  const derived = new Derived<Sized>()
  t.equal(derived.get('csv', staying), undefined)
  const csv = derived.make('csv', async () => made(100), options)
  t.equal(derived.get('csv', staying), csv, 'who asks meanwhile gets the same')
  t.equal(derived.heldBytes, 0)
  t.equal(await csv, derived.get('csv', staying))
  derived.keep('text', made(10), yes)
  t.match(derived.get('text', staying), { heldBytes: 10 })
  t.equal(derived.heldBytes, 110 + 2 * 'csvtext'.length)
})

t.test('a name counts with two bytes a character', async t => {
  const derived = new Derived<Sized>()
  derived.keep('x'.repeat(15_000), made(1000), yes)
  t.equal(derived.heldBytes, 31_000)
  derived.keep('y'.repeat(15_000), made(1000), () => false)
  t.equal(derived.heldBytes, 31_000)
})

t.test('what may not be kept is handed out and not counted', async t => {
  const derived = new Derived<Sized>()
  const seen: number[] = []
  const mayKeep = () => {
    seen.push(derived.heldBytes)
    return false
  }
  const csv = await derived.make('csv', async () => made(100), { left: staying.left(), mayKeep })
  t.equal(csv.heldBytes, 100)
  t.equal(derived.keep('text', made(10), mayKeep).heldBytes, 10)
  t.same(seen, [106, 18], 'the question is about what it would hold')
  t.equal(derived.get('csv', staying) ?? derived.get('text', staying), undefined)
  t.equal(derived.heldBytes, 0)
})

t.test('a failure is not kept, so that it can be tried again', async t => {
  const derived = new Derived<Sized>()
  const failing = derived.make('csv', () => Promise.reject(new Error('no memory')), options)
  t.match(await failureOf(failing), { message: 'no memory' })
  t.equal(derived.get('csv', staying), undefined)
  t.equal((await derived.make('csv', async () => made(1), options)).heldBytes, 1)
})

t.test('what is being made is expected until it is kept or fails', async t => {
  const derived = new Derived<Sized>()
  const csv = derived.make('csv', async () => made(100), { ...options, expectedBytes: 500 })
  const noMemory = () => Promise.reject(new Error('no memory'))
  const failing = derived.make('text', noMemory, { ...options, expectedBytes: 300 })
  t.equal(derived.heldBytes, 0)
  t.equal(derived.expectedBytes, 800)
  await csv
  await failureOf(failing)
  t.equal(derived.expectedBytes, 106)
})

/** Work that ends when the test says so, and the signal that it was given. */
function work() {
  let finish = (_made: Sized) => {}
  const promise = new Promise<Sized>(resolve => {
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
  const derived = new Derived<Sized>()
  const [first, second] = [new AbortController(), new AbortController()]
  const { start, finish, signal } = work()
  const csv = derived.make('csv', start, { left: first.signal, mayKeep: yes })
  const same = derived.get('csv', { left: () => second.signal })
  first.abort()
  t.notOk(signal.aborted)
  finish(made(1))
  t.equal(await same, await csv)
  second.abort()
  t.match(derived.get('csv', staying), { heldBytes: 1 }, 'what is kept stays')
})

t.test('work is cancelled when the last caller leaves, and the next one starts over', async t => {
  const derived = new Derived<Sized>()
  const [first, second] = [new AbortController(), new AbortController()]
  const { start, finish, signal } = work()
  const csv = derived.make('csv', start, { left: first.signal, mayKeep: yes, expectedBytes: 9 })
  derived.get('csv', { left: () => second.signal })
  first.abort()
  second.abort(new Error('gone'))
  t.match(signal.reason, { message: 'gone' })
  t.equal(derived.get('csv', staying), undefined, 'at once')
  t.equal(derived.expectedBytes, 0)
  const again = derived.make('csv', async () => made(2), { ...options, expectedBytes: 5 })
  // Too late to be stopped.
  finish(made(1))
  t.match(await failureOf(csv), { message: 'gone' })
  await again
  t.match(derived.get('csv', staying), { heldBytes: 2 })
  t.equal(derived.expectedBytes, 2 + 2 * 'csv'.length)
})

t.test('a caller that had left before neither starts work nor keeps it going', async t => {
  const derived = new Derived<Sized>()
  const gone = AbortSignal.abort()
  const never = () => t.fail('it is not started') as never
  t.match(await failureOf(derived.make('csv', never, { left: gone, mayKeep: yes })), {
    name: 'AbortError',
  })
  t.equal(derived.get('csv', staying), undefined)
  const { start, finish, signal } = work()
  const caller = new AbortController()
  const csv = derived.make('csv', start, { left: caller.signal, mayKeep: yes })
  t.match(await failureOf(derived.get('csv', { left: () => gone })), { name: 'AbortError' })
  caller.abort()
  t.ok(signal.aborted)
  finish(made(1))
  await failureOf(csv)
})

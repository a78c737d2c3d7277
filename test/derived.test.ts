import t from 'tap'
import type { Sized } from '../src/cache/memory-store.ts'
import { Derived } from '../src/derived.ts'
import { failureOf } from './support/failure-of.ts'

const yes = () => true
const made = (heldBytes: number): Sized => ({ heldBytes })

t.test('what is made is kept, counted and not made again', async t => {
  const derived = new Derived<Sized>()
  t.equal(derived.get('csv'), undefined)
  const csv = derived.keepLater('csv', Promise.resolve(made(100)), yes)
  t.equal(derived.get('csv'), csv, 'who asks meanwhile gets the same')
  t.equal(derived.heldBytes, 0)
  t.equal(await csv, derived.get('csv'))
  derived.keep('text', made(10), yes)
  t.match(derived.get('text'), { heldBytes: 10 })
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
  t.equal((await derived.keepLater('csv', Promise.resolve(made(100)), mayKeep)).heldBytes, 100)
  t.equal(derived.keep('text', made(10), mayKeep).heldBytes, 10)
  t.same(seen, [106, 18], 'the question is about what it would hold')
  t.equal(derived.get('csv') ?? derived.get('text'), undefined)
  t.equal(derived.heldBytes, 0)
})

t.test('a failure is not kept, so that it can be tried again', async t => {
  const derived = new Derived<Sized>()
  const failing = derived.keepLater('csv', Promise.reject(new Error('no memory')), yes)
  t.match(await failureOf(failing), { message: 'no memory' })
  t.equal(derived.get('csv'), undefined)
  t.equal((await derived.keepLater('csv', Promise.resolve(made(1)), yes)).heldBytes, 1)
})

t.test('what is being made is expected until it is kept or fails', async t => {
  const derived = new Derived<Sized>()
  const csv = derived.keepLater('csv', Promise.resolve(made(100)), yes, 500)
  const failing = derived.keepLater('text', Promise.reject(new Error('no memory')), yes, 300)
  t.equal(derived.heldBytes, 0)
  t.equal(derived.expectedBytes, 800)
  await csv
  await failureOf(failing)
  t.equal(derived.expectedBytes, 106)
})

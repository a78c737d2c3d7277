import t from 'tap'
import { type StoredResponse, stored } from '../../src/cache/freshness.ts'
import { MemoryStore, type Sized } from '../../src/cache/memory-store.ts'

const NOW = Date.UTC(2026, 10, 23)
/** Size of an entry with a one-character key, without the body. */
const PER_ENTRY = 3402

/** A response gone after `staleIfErrorSeconds` + 10 s. */
const response = (heldBytes: number, staleIfErrorSeconds = 20): StoredResponse<Sized> =>
  stored({ heldBytes }, NOW, {
    freshSeconds: 10,
    staleWhileRevalidateSeconds: 0,
    staleIfErrorSeconds,
  })

/** A store with room for `entries` 1000-byte bodies. */
const storeFor = (entries: number) => new MemoryStore<Sized>(entries * (1000 + PER_ENTRY))

/** Returns the stored keys, joined, and marks their responses as used. */
const keysIn = (store: MemoryStore<Sized>, keys = 'abcdef') =>
  [...keys].filter(key => store.get(key) !== undefined).join('')

t.test('the memory store returns the response stored under a key', async t => {
  const store = storeFor(2)
  const one = response(1000)
  t.equal(store.set('a', one), true)
  t.equal(store.get('a'), one)
  t.equal(store.get('b'), undefined)
})

t.test('a second response for a key replaces the first and its size', async t => {
  const store = storeFor(2)
  store.set('a', response(2000))
  const newer = response(1000)
  store.set('a', newer)
  store.set('b', response(1000))
  t.equal(store.get('a'), newer)
  t.equal(keysIn(store), 'ab', 'the old size is no longer counted')
})

t.test('the memory store evicts the least recently used response first', async t => {
  const store = storeFor(3)
  for (const key of 'abc') store.set(key, response(1000))
  store.get('a')
  store.set('d', response(1000))
  t.equal(store.get('b'), undefined, 'b is the least recently used')
  store.set('e', response(1000))
  t.equal(keysIn(store), 'ade')
})

t.test(
  'the memory store bound covers bodies, keys and overhead for all entries together',
  async t => {
    for (const [spare, kept] of [
      [-1, 'b'],
      [0, 'ab'],
      [1, 'ab'],
    ] as const) {
      const store = new MemoryStore<Sized>(2 * (1000 + PER_ENTRY) + spare)
      store.set('a', response(1000))
      store.set('b', response(1000))
      t.equal(keysIn(store), kept, `${spare} bytes to spare`)
    }
  },
)

t.test('the memory store counts two bytes per key character', async t => {
  const key = 'k'.repeat(101)
  for (const [spare, fits] of [
    [-1, false],
    [0, true],
    [1, true],
  ] as const) {
    const store = new MemoryStore<Sized>(1000 + PER_ENTRY + 200 + spare)
    t.equal(store.set(key, response(1000)), fits, `${spare} bytes to spare`)
  }
})

t.test('entries with empty bodies also fill the memory store', async t => {
  const store = new MemoryStore<Sized>(10 * PER_ENTRY)
  for (let index = 0; index < 11; index++) store.set(String.fromCharCode(97 + index), response(0))
  t.equal(keysIn(store, 'abcdefghijk'), 'bcdefghijk')
})

t.test('a response larger than the bound is not stored and evicts nothing', async t => {
  const store = storeFor(2)
  store.set('a', response(1000))
  for (const [heldBytes, fits] of [
    [2000 + PER_ENTRY + 1, false],
    [2000 + PER_ENTRY, true],
    [2000 + PER_ENTRY - 1, true],
  ] as const) {
    t.equal(store.set('b', response(heldBytes)), fits, `${heldBytes} bytes`)
    t.equal(store.get('b') !== undefined, fits)
    t.equal(store.get('a') !== undefined, !fits)
  }
})

t.test(
  'a response larger than the bound deletes the response stored under the same key',
  async t => {
    const store = storeFor(1)
    store.set('a', response(1000))
    t.equal(store.set('a', response(1001)), false)
    t.equal(store.get('a'), undefined)
  },
)

t.test('dropGone keeps every servable response', async t => {
  for (const [elapsedMs, kept] of [
    [29_999, 'abc'],
    [30_000, 'bc'],
    [30_001, 'bc'],
    [40_000, 'c'],
    [50_000, ''],
  ] as const) {
    const store = storeFor(3)
    store.set('a', response(1000, 20))
    store.set('b', response(1000, 30))
    store.set('c', response(1000, 40))
    store.dropGone(NOW + elapsedMs)
    t.equal(keysIn(store), kept, `after ${elapsedMs} ms`)
  }
})

t.test('dropGone does not mark entries as recently used', async t => {
  const store = storeFor(2)
  store.set('a', response(1000))
  store.set('b', response(1000))
  store.dropGone(NOW)
  store.set('c', response(1000))
  t.equal(keysIn(store), 'bc')
})

t.test('hasUsable tells whether a stored response can still be served', async t => {
  const store = storeFor(2)
  const any = () => true
  t.equal(store.hasUsable(NOW, any), false, 'nothing is stored')
  store.set('a', response(1000, 30))
  store.set('b', response(1000, 20))
  for (const [elapsedMs, usable] of [
    [0, true],
    [30_000, true],
    [39_999, true],
    [40_000, false],
    [40_001, false],
  ] as const) {
    t.equal(store.hasUsable(NOW + elapsedMs, any), usable, `after ${elapsedMs} ms`)
  }
  t.equal(
    store.hasUsable(NOW, body => body.heldBytes > 1000),
    false,
    'no body satisfies the condition',
  )
})

t.test('the memory store refuses a response with an unaccepted key', async t => {
  const store = new MemoryStore<Sized>(100_000, key => key !== 'a')
  t.equal(store.set('a', response(1000)), false)
  t.equal(store.set('b', response(1000)), true)
  t.equal(keysIn(store), 'b')
})

t.test('retiring a key deletes the response', async t => {
  const store = storeFor(2)
  store.set('a', response(1000))
  const { changes } = store
  store.retire('a')
  t.not(store.changes, changes)
  t.equal(store.get('a'), undefined)
  t.equal(store.size.bytes, 0)
})

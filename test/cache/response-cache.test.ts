import t, { type Test } from 'tap'
import { MemoryStore, type Sized } from '../../src/cache/memory-store.ts'
import type { OriginResponse } from '../../src/cache/origin-fetches.ts'
import { NO_DIRECTIVES } from '../../src/cache/request-directives.ts'
import { ResponseCache } from '../../src/cache/response-cache.ts'
import { runUntraced } from '../../src/lib/background.ts'
import { Problem } from '../../src/problems/problem.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'

interface Body extends Sized {
  value: string
}

const lifetime = { freshSeconds: 300, staleWhileRevalidateSeconds: 3600, staleIfErrorSeconds: 7200 }

/** A cache; the test controls when and how the origin responds. */
function cacheFor(t: Test, maxBytes = 100_000) {
  const clock = new ManualClock()
  const { logger, lines } = recordingLogger()
  const fetched: { key: string; previous: Body | undefined }[] = []
  const waiting: PromiseWithResolvers<string>[] = []
  const refused = new Set<string>()
  const memory = new MemoryStore<Body>(maxBytes, key => !refused.has(key))
  const cache = new ResponseCache<Body>({
    runInBackground: runUntraced,
    store: memory,
    fetch: async (key, previous): Promise<OriginResponse<Body>> => {
      fetched.push({ key, previous })
      const response = withResolvers<string>()
      waiting.push(response)
      return { body: { value: await response.promise, heldBytes: 1000 }, status: 200, lifetime }
    },
    clock,
    random: () => 0,
    lookupTimeoutMs: 15_000,
    signal: new AbortController().signal,
    minRefreshMs: 10_000,
    log: logger,
  })
  t.teardown(() => cache.close())
  const next = () => {
    const response = waiting.shift()
    if (response === undefined) throw new Error('the origin got no request')
    return response
  }
  const store = async (key: string, value: string) => {
    const lookup = cache.lookup(key)
    next().resolve(value)
    return lookup
  }
  /** Ends the use of a key, as unlinking does. */
  const retire = (key: string) => {
    refused.add(key)
    memory.retire(key)
  }
  return { cache, memory, clock, fetched, next, store, retire, lines }
}

interface PromiseWithResolvers<T> {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (reason: unknown) => void
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve: (value: T) => void = () => {}
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

const minutes = (count: number) => count * 60_000

t.test('concurrent misses for a key share one origin fetch', async t => {
  const { cache, next, fetched } = cacheFor(t)
  const lookups = Array.from({ length: 1000 }, () => cache.lookup('bob'))
  const other = cache.lookup('alice')
  next().resolve('for bob')
  next().resolve('for alice')
  for (const lookup of await Promise.all(lookups)) {
    t.match(lookup, {
      response: { body: { value: 'for bob' } },
      forward: { reason: 'uri-miss', status: 200, stored: true },
    })
  }
  t.match(await other, { response: { body: { value: 'for alice' } } })
  t.equal(fetched.length, 2)
})

t.test('a lookup returns a fresh response synchronously, without a promise', async t => {
  const { cache, clock, store, fetched } = cacheFor(t)
  await store('bob', 'first')
  await clock.advance(299_999)
  t.match(cache.lookup('bob'), { response: { body: { value: 'first' } }, forward: undefined })
  t.equal(fetched.length, 1)
})

t.test(
  'a lookup immediately returns a stale response and revalidates it once in the background',
  async t => {
    const { cache, clock, store, next, fetched } = cacheFor(t)
    await store('bob', 'first')
    await clock.advance(300_000)
    const stale = { response: { body: { value: 'first' } }, forward: undefined }
    t.match(cache.lookup('bob'), stale)
    t.match(cache.lookup('bob'), stale)
    t.equal(fetched.length, 2)
    t.match(
      fetched[1],
      { key: 'bob', previous: { value: 'first' } },
      'the origin gets the stored body',
    )
    next().resolve('second')
    await clock.advance(0)
    t.match(cache.lookup('bob'), { response: { body: { value: 'second' } }, forward: undefined })
  },
)

t.test('a failed background revalidation is logged and keeps the stored response', async t => {
  const { cache, clock, store, next, lines } = cacheFor(t)
  await store('bob', 'first')
  await clock.advance(300_000)
  cache.lookup('bob')
  next().reject(new Error('down'))
  await clock.advance(0)
  t.match(cache.lookup('bob'), { response: { body: { value: 'first' } }, forward: undefined })
  t.match(lines(), [
    { level: 'warn', msg: 'revalidation failed, serving the stale response', user_id: 'bob' },
  ])
  await clock.advance(1000)
  cache.lookup('bob')
  next().reject(new Error('still down'))
  await clock.advance(0)
  t.match(lines()[1], { level: 'debug' }, 'the same problem again')
  await clock.advance(2000)
  cache.lookup('bob')
  next().resolve('up again')
  await clock.advance(minutes(6))
  cache.lookup('bob')
  next().reject(new Error('down again'))
  await clock.advance(0)
  t.match(lines()[2], { level: 'info', msg: 'revalidated a stale response in the background' })
  t.match(lines()[3], { level: 'warn' }, 'a new outage')
})

t.test(
  'after stale-while-revalidate, a lookup waits for the origin and falls back to the stale response',
  async t => {
    const { cache, clock, store, next, lines } = cacheFor(t)
    await store('bob', 'first')
    await clock.advance(minutes(5 + 60))
    const failing = cache.lookup('bob')
    next().reject(new Error('down'))
    t.match(await failing, {
      response: { body: { value: 'first' } },
      forward: { reason: 'stale', stored: false },
      failure: Problem,
    })
    t.match(lines(), [{ msg: 'revalidation failed, serving the stale response' }])
  },
)

t.test('a lookup gets the stale response when its revalidation times out', async t => {
  const { cache, clock, store, next } = cacheFor(t)
  await store('bob', 'first')
  await clock.advance(minutes(5 + 60))
  const slow = cache.lookup('bob')
  await clock.advance(15_000)
  t.match(await slow, {
    response: { body: { value: 'first' } },
    forward: { reason: 'stale' },
    failure: { type: 'deadline-exceeded' },
  })
  next().resolve('second')
})

t.test('a response past all lifetimes is not served, even when the origin fails', async t => {
  const { cache, clock, store, next, fetched } = cacheFor(t)
  // Stores between two sweeps, so the lookup comes before the sweep that drops the response.
  await clock.advance(30_000)
  await store('bob', 'first')
  await clock.advance(minutes(5 + 120))
  const lookup = cache.lookup('bob')
  next().reject(new Error('down'))
  t.match(await lookup, { response: undefined, failure: { cause: { message: 'down' } } })
  t.equal(fetched[1]?.previous, undefined)
})

t.test(
  'waiting lookups share a failure, and the next lookup after the back-off fetches again',
  async t => {
    const { cache, clock, next, fetched } = cacheFor(t)
    const lookups = [cache.lookup('bob'), cache.lookup('bob')]
    next().reject(new Error('down'))
    for (const lookup of lookups)
      t.match(await lookup, { response: undefined, failure: { cause: { message: 'down' } } })
    await clock.advance(1000)
    const again = cache.lookup('bob')
    next().resolve('up')
    t.match(await again, {
      response: { body: { value: 'up' } },
      forward: { reason: 'uri-miss', status: 200, stored: true },
    })
    t.equal(fetched.length, 2)
  },
)

t.test('a lookup times out while the fetch continues and is stored', async t => {
  const { cache, clock, next } = cacheFor(t)
  const early = cache.lookup('bob')
  await clock.advance(5000)
  const late = cache.lookup('bob')
  await clock.advance(10_000)
  t.match(await early, { failure: { type: 'deadline-exceeded', retryAt: clock.now() + 5000 } })
  next().resolve('at last')
  t.match(await late, { response: { body: { value: 'at last' } } }, 'the later lookup still waits')
  t.match(cache.lookup('bob'), { response: { body: { value: 'at last' } }, forward: undefined })
})

t.test('a finished lookup leaves no timer', async t => {
  const { clock, store } = cacheFor(t)
  await store('bob', 'first')
  t.same(clock.pending, [60_000], 'the timer of the sweeps')
})

t.test(
  'a response larger than the cache is served but not stored, and the log includes the size',
  async t => {
    const { cache, store, lines } = cacheFor(t, 500)
    t.match(await store('bob', 'huge'), {
      response: { body: { value: 'huge' } },
      forward: { stored: false },
    })
    t.match(lines(), [{ level: 'warn', user_id: 'bob', bytes: 1000 }])
    t.equal(
      cache.hasUsable(() => true),
      false,
    )
  },
)

t.test('a sweep every minute drops responses past all lifetimes', async t => {
  const { cache, clock, store } = cacheFor(t)
  const any = () => true
  await store('bob', 'first')
  await clock.advance(minutes(5 + 120) - 1)
  t.equal(cache.status.entries, 1)
  t.equal(cache.hasUsable(any), true)
  await clock.advance(minutes(1))
  t.equal(cache.status.entries, 0)
  t.equal(cache.hasUsable(any), false)
  await clock.advance(minutes(30))
  await store('alice', 'second')
  await clock.advance(minutes(5 + 120 + 1))
  t.equal(cache.status.entries, 0, 'at every sweep')
})

t.test(
  'a caller can force a revalidation once a response has reached the minimum age; other lookups can join',
  async t => {
    const { cache, clock, store, next, fetched } = cacheFor(t)
    await store('bob', 'first')
    const noCache = { ...NO_DIRECTIVES, noCache: true }
    await clock.advance(9_999)
    t.match(cache.lookup('bob', noCache), {
      response: { body: { value: 'first' } },
      forward: undefined,
    })
    await clock.advance(1)
    const lookups = [cache.lookup('bob', noCache), cache.lookup('bob', noCache)]
    t.match(cache.lookup('bob'), { response: { body: { value: 'first' } } }, 'others do not wait')
    next().resolve('second')
    const forward = { reason: 'request', status: 200, stored: true }
    const [first, second] = await Promise.all(lookups)
    t.match(first, {
      response: { body: { value: 'second' } },
      forward: { ...forward, collapsed: false },
    })
    t.match(second, {
      response: { body: { value: 'second' } },
      forward: { ...forward, collapsed: true },
    })
    t.equal(fetched.length, 2)
  },
)

t.test('a lookup gets the stored response when a forced revalidation fails', async t => {
  const { cache, clock, store, next } = cacheFor(t)
  await store('bob', 'first')
  await clock.advance(10_000)
  const lookup = cache.lookup('bob', { ...NO_DIRECTIVES, noCache: true })
  next().reject(new Problem('spotify-unavailable', 'down', { originStatus: 503 }))
  t.match(await lookup, {
    response: { body: { value: 'first' } },
    forward: { reason: 'request', status: 503, stored: false },
    failure: { type: 'spotify-unavailable' },
  })
})

t.test('a response past all lifetimes when its revalidation fails is not served', async t => {
  const { cache, clock, store, next } = cacheFor(t)
  await store('bob', 'first')
  await clock.advance(minutes(5 + 120) - 1)
  const lookup = cache.lookup('bob')
  await clock.advance(1)
  next().reject(new Error('down'))
  t.match(await lookup, { response: undefined, failure: { type: 'internal-error' } })
})

t.test('a lookup with only-if-cached returns immediately, stored or not', async t => {
  const { cache, store, fetched } = cacheFor(t)
  const onlyIfCached = { ...NO_DIRECTIVES, onlyIfCached: true }
  t.match(cache.lookup('bob', onlyIfCached), { failure: { type: 'not-stored', status: 504 } })
  t.equal(fetched.length, 0)
  await store('bob', 'first')
  t.match(cache.lookup('bob', onlyIfCached), { response: { body: { value: 'first' } } })
})

t.test('closing the cache stops the sweep timer', async t => {
  const { cache, clock } = cacheFor(t)
  cache.close()
  t.same(clock.pending, [])
})

t.test('a fetch stores nothing if the key is retired meanwhile', async t => {
  const { cache, memory, next, retire, lines } = cacheFor(t)
  const lookup = cache.lookup('one/user')
  retire('one/user')
  next().resolve('list')
  t.match(await lookup, { forward: { stored: false } })
  t.equal(memory.get('one/user'), undefined)
  t.same(lines(), [])
})

t.test('a waiting lookup gets no stale response if the key is retired meanwhile', async t => {
  const { cache, clock, store, next, retire } = cacheFor(t)
  await store('one/user', 'first')
  clock.suspend(minutes(5))
  const lookup = cache.lookup('one/user', { ...NO_DIRECTIVES, noCache: true })
  retire('one/user')
  next().reject(new Error('the link has ended'))
  t.match(await lookup, { response: undefined, failure: { type: 'internal-error' } })
})

import t, { type Test } from 'tap'
import { MemoryStore, type Sized } from '../../src/cache/memory-store.ts'
import type { Produced } from '../../src/cache/origin-fetches.ts'
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

/** The cache in front of an origin that answers when and how the test says. */
function cacheFor(t: Test, maxBytes = 100_000) {
  const clock = new ManualClock()
  const { logger, lines } = recordingLogger()
  const asked: { key: string; previous: Body | undefined }[] = []
  const waiting: PromiseWithResolvers<string>[] = []
  const cache = new ResponseCache<Body>({
    runInBackground: runUntraced,
    store: new MemoryStore(maxBytes),
    produce: async (key, previous): Promise<Produced<Body>> => {
      asked.push({ key, previous })
      const answer = withResolvers<string>()
      waiting.push(answer)
      return { body: { value: await answer.promise, heldBytes: 1000 }, status: 200, lifetime }
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
    const answer = waiting.shift()
    if (answer === undefined) throw new Error('the origin was not asked')
    return answer
  }
  const store = async (key: string, value: string) => {
    const lookup = cache.lookup(key)
    next().resolve(value)
    return lookup
  }
  return { cache, clock, asked, next, store, lines }
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

t.test('everyone who misses the same key at once shares one request to the origin', async t => {
  const { cache, next, asked } = cacheFor(t)
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
  t.equal(asked.length, 2)
})

t.test('a fresh response is answered at once, without a promise', async t => {
  const { cache, clock, store, asked } = cacheFor(t)
  await store('bob', 'first')
  await clock.advance(299_999)
  t.match(cache.lookup('bob'), { response: { body: { value: 'first' } }, forward: undefined })
  t.equal(asked.length, 1)
})

t.test('a stale response is answered at once and refreshed behind, once', async t => {
  const { cache, clock, store, next, asked } = cacheFor(t)
  await store('bob', 'first')
  await clock.advance(300_000)
  const stale = { response: { body: { value: 'first' } }, forward: undefined }
  t.match(cache.lookup('bob'), stale)
  t.match(cache.lookup('bob'), stale)
  t.equal(asked.length, 2)
  t.match(
    asked[1],
    { key: 'bob', previous: { value: 'first' } },
    'the origin learns what is stored',
  )
  next().resolve('second')
  await clock.advance(0)
  t.match(cache.lookup('bob'), { response: { body: { value: 'second' } }, forward: undefined })
})

t.test('a failed refresh behind is logged and leaves the stored response in place', async t => {
  const { cache, clock, store, next, lines } = cacheFor(t)
  await store('bob', 'first')
  await clock.advance(300_000)
  cache.lookup('bob')
  next().reject(new Error('down'))
  await clock.advance(0)
  t.match(cache.lookup('bob'), { response: { body: { value: 'first' } }, forward: undefined })
  t.match(lines(), [
    { level: 'warn', msg: 'refresh failed, the stale answer stands', user_id: 'bob' },
  ])
  await clock.advance(1000)
  cache.lookup('bob')
  next().reject(new Error('still down'))
  await clock.advance(0)
  t.match(lines()[1], { level: 'debug' }, 'what goes on is no news')
  await clock.advance(2000)
  cache.lookup('bob')
  next().resolve('up again')
  await clock.advance(minutes(6))
  cache.lookup('bob')
  next().reject(new Error('down again'))
  await clock.advance(0)
  t.match(lines()[2], { level: 'info', msg: 'refreshed behind a stale answer' })
  t.match(lines()[3], { level: 'warn' }, 'what begins again is')
})

t.test(
  'after stale-while-revalidate the refresh comes first, the stored one when it fails',
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
    t.match(lines(), [{ msg: 'refresh failed, the stale answer stands' }])
  },
)

t.test('a refresh that takes too long is answered stale, too', async t => {
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

t.test('what is gone is not served, not even when the origin fails', async t => {
  const { cache, clock, store, next, asked } = cacheFor(t)
  // Out of step with the timer that drops what is gone, so that the lookup comes first.
  await clock.advance(30_000)
  await store('bob', 'first')
  await clock.advance(minutes(5 + 120))
  const lookup = cache.lookup('bob')
  next().reject(new Error('down'))
  t.match(await lookup, { response: undefined, failure: { cause: { message: 'down' } } })
  t.equal(asked[1]?.previous, undefined)
})

t.test(
  'a failure is shared by those who wait, and after its back-off it is tried again',
  async t => {
    const { cache, clock, next, asked } = cacheFor(t)
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
    t.equal(asked.length, 2)
  },
)

t.test(
  'a caller waits no longer than the deadline, and the answer is stored all the same',
  async t => {
    const { cache, clock, next } = cacheFor(t)
    const early = cache.lookup('bob')
    await clock.advance(5000)
    const late = cache.lookup('bob')
    await clock.advance(10_000)
    t.match(await early, { failure: { type: 'deadline-exceeded', retryAt: clock.now() + 5000 } })
    next().resolve('at last')
    t.match(await late, { response: { body: { value: 'at last' } } }, 'who came later still waits')
    t.match(cache.lookup('bob'), { response: { body: { value: 'at last' } }, forward: undefined })
  },
)

t.test('a deadline that nobody waits for any more leaves no timer behind', async t => {
  const { clock, store } = cacheFor(t)
  await store('bob', 'first')
  t.same(clock.pending, [60_000], 'only the one that drops what is gone')
})

t.test('what is larger than the whole cache is answered, not stored, and said so', async t => {
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
})

t.test('what is gone is dropped without anyone asking for it', async t => {
  const { cache, clock, store } = cacheFor(t)
  await store('bob', 'first')
  t.equal(
    cache.hasUsable(() => true),
    true,
  )
  await clock.advance(minutes(5 + 120) - 1)
  t.equal(
    cache.hasUsable(() => true),
    true,
  )
  await clock.advance(minutes(1))
  t.equal(
    cache.hasUsable(() => true),
    false,
  )
  await clock.advance(minutes(30))
  await store('alice', 'second')
  await clock.advance(minutes(5 + 120 + 1))
  t.equal(
    cache.hasUsable(() => true),
    false,
    'time and again',
  )
})

t.test('a caller may ask for better than what is stored, and who joins in is told so', async t => {
  const { cache, clock, store, next, asked } = cacheFor(t)
  await store('bob', 'first')
  const noCache = { ...NO_DIRECTIVES, noCache: true }
  await clock.advance(9_999)
  t.match(cache.lookup('bob', noCache), {
    response: { body: { value: 'first' } },
    forward: undefined,
  })
  await clock.advance(1)
  const lookups = [cache.lookup('bob', noCache), cache.lookup('bob', noCache)]
  t.match(cache.lookup('bob'), { response: { body: { value: 'first' } } }, 'others need not wait')
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
  t.equal(asked.length, 2)
})

t.test('when better cannot be had, what is stored stands in for it', async t => {
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

t.test('what goes past its last use while its refresh fails is not served', async t => {
  const { cache, clock, store, next } = cacheFor(t)
  await store('bob', 'first')
  await clock.advance(minutes(5 + 120) - 1)
  const lookup = cache.lookup('bob')
  await clock.advance(1)
  next().reject(new Error('down'))
  t.match(await lookup, { response: undefined, failure: { type: 'internal-error' } })
})

t.test('a caller that forbids to ask the origin is answered at once, either way', async t => {
  const { cache, store, asked } = cacheFor(t)
  const onlyIfCached = { ...NO_DIRECTIVES, onlyIfCached: true }
  t.match(cache.lookup('bob', onlyIfCached), { failure: { type: 'not-stored', status: 504 } })
  t.equal(asked.length, 0)
  await store('bob', 'first')
  t.match(cache.lookup('bob', onlyIfCached), { response: { body: { value: 'first' } } })
})

t.test('closing ends the timer', async t => {
  const { cache, clock } = cacheFor(t)
  cache.close()
  t.same(clock.pending, [])
})

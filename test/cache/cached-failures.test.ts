import t, { type Test } from 'tap'
import { MemoryStore, type Sized } from '../../src/cache/memory-store.ts'
import type { FetchOptions, OriginResponse } from '../../src/cache/origin-fetches.ts'
import { NO_DIRECTIVES } from '../../src/cache/request-directives.ts'
import { ResponseCache } from '../../src/cache/response-cache.ts'
import { runUntraced } from '../../src/lib/background.ts'
import { Problem } from '../../src/problems/problem.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'

const lifetime = { freshSeconds: 300, staleWhileRevalidateSeconds: 3600, staleIfErrorSeconds: 7200 }

/** A cache whose origin responds at once, or fails while `failure` is set. */
function cacheFor(t: Test) {
  const clock = new ManualClock()
  const fetches: FetchOptions[] = []
  const origin: { failure: Problem | undefined } = { failure: undefined }
  const cache = new ResponseCache<Sized>({
    runInBackground: runUntraced,
    store: new MemoryStore(100_000),
    fetch: async (_key, _previous, options): Promise<OriginResponse<Sized>> => {
      fetches.push(options)
      if (origin.failure !== undefined) throw origin.failure
      return { body: { heldBytes: 1000 }, status: 200, lifetime }
    },
    clock,
    random: () => 0,
    lookupTimeoutMs: 15_000,
    signal: new AbortController().signal,
    minRefreshMs: 10_000,
    log: recordingLogger().logger,
  })
  t.teardown(() => cache.close())
  return { cache, clock, fetches, origin }
}

const down = new Problem('spotify-unavailable', 'down', { originStatus: 503 })
const minutes = (count: number) => count * 60_000
const noCache = { ...NO_DIRECTIVES, noCache: true }

t.test('during the back-off, a lookup immediately gets the cached problem', async t => {
  const { cache, clock, fetches, origin } = cacheFor(t)
  origin.failure = down
  await cache.lookup('bob')
  await clock.advance(300)
  for (const directives of [NO_DIRECTIVES, noCache]) {
    t.match(cache.lookup('bob', directives), {
      response: undefined,
      forward: undefined,
      failure: { type: 'spotify-unavailable', retryAt: clock.now() + 700 },
    })
  }
  t.equal(fetches.length, 1)
  await clock.advance(700)
  await cache.lookup('bob')
  t.equal(fetches.length, 2)
  await clock.advance(1999)
  t.match(cache.lookup('bob'), { failure: { retryAt: clock.now() + 1 } }, 'twice as long')
})

t.test('during the back-off, a lookup gets the stale response', async t => {
  const { cache, clock, fetches, origin } = cacheFor(t)
  await cache.lookup('bob')
  origin.failure = down
  await clock.advance(minutes(6))
  t.match(cache.lookup('bob'), { response: {}, failure: undefined })
  await clock.advance(0)
  await clock.advance(999)
  t.match(cache.lookup('bob'), { response: {}, failure: undefined }, 'no background revalidation')
  t.match(cache.lookup('bob', noCache), {
    response: {},
    forward: undefined,
    failure: { type: down.type },
  })
  t.equal(fetches.length, 2)
  await clock.advance(1)
  cache.lookup('bob')
  t.equal(fetches.length, 3)
})

t.test(
  'after the back-off, a lookup gets the stale response and revalidates it in the background',
  async t => {
    const { cache, clock, fetches, origin } = cacheFor(t)
    await cache.lookup('bob')
    origin.failure = down
    await clock.advance(minutes(70))
    const first = cache.lookup('bob')
    t.type(first, Promise, 'the key has not failed before')
    t.match(await first, { response: {}, failure: { type: down.type } })
    await clock.advance(1000)
    origin.failure = undefined
    t.match(cache.lookup('bob'), { response: {}, forward: undefined, failure: undefined })
    t.same(
      fetches.map(({ isRevalidation }) => isRevalidation),
      [false, true, true],
    )
    await clock.advance(0)
    t.match(cache.lookup('bob'), { response: { generatedAt: clock.now() } })
  },
)

t.test('after the back-off, a lookup with a staleness limit waits for the origin', async t => {
  for (const directives of [
    { ...NO_DIRECTIVES, maxStale: 60 },
    { ...NO_DIRECTIVES, maxAge: 7200 },
  ]) {
    const { cache, clock, origin } = cacheFor(t)
    await cache.lookup('bob')
    origin.failure = down
    await clock.advance(minutes(70))
    await cache.lookup('bob')
    await clock.advance(1000)
    origin.failure = undefined
    t.match(await cache.lookup('bob', directives), {
      response: { generatedAt: clock.now() },
      forward: { reason: 'stale' },
    })
  }
})

t.test('the cache status counts lookups by result', async t => {
  const { cache, clock, origin } = cacheFor(t)
  const none = { hit: 0, stale: 0, miss: 0, revalidated: 0, failed: 0, collapsed: 0 }
  t.match(cache.status, { ...none, entries: 0, bytes: 0, maxBytes: 100_000, evictions: 0 })
  await Promise.all([cache.lookup('bob'), cache.lookup('bob')])
  cache.lookup('bob')
  t.match(cache.status, { hit: 1, miss: 2, collapsed: 1, entries: 1 })
  t.ok(cache.status.bytes > 1000)
  origin.failure = down
  await clock.advance(minutes(6))
  cache.lookup('bob')
  await clock.advance(minutes(64))
  await cache.lookup('bob')
  t.match(cache.status, { hit: 1, stale: 2, miss: 2 })
  await cache.lookup('alice')
  cache.lookup('alice')
  t.match(cache.status, { hit: 1, stale: 2, failed: 2, miss: 2, collapsed: 1 })
})

import t, { type Test } from 'tap'
import { MemoryStore, type Sized } from '../../src/cache/memory-store.ts'
import { NO_DIRECTIVES } from '../../src/cache/request-directives.ts'
import { ResponseCache } from '../../src/cache/response-cache.ts'
import { Problem } from '../../src/problems/problem.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryTier } from '../support/memory-tier.ts'

interface Body extends Sized {
  readonly value: string
  /** The in-memory value when the body was merged from another replica. */
  readonly previous?: string | undefined
}

interface Request {
  readonly by: string
  readonly previous: string | undefined
  respond(value: string): void
  fail(problem: Problem): void
}

const LIFETIME = { freshSeconds: 300, staleWhileRevalidateSeconds: 600, staleIfErrorSeconds: 3600 }
const seconds = (count: number) => count * 1000

/** Caches, one per replica; the test controls when and how the origin responds. */
function replicasFor(t: Test, { maxBytes = 100_000, lifetime = LIFETIME } = {}) {
  const clock = new ManualClock()
  const tier = new MemoryTier<Body>()
  const requests: Request[] = []
  const replica = (by: string) => {
    const cache = new ResponseCache<Body>({
      store: new MemoryStore(maxBytes),
      fetch: (_key, previous) =>
        new Promise((resolve, reject) => {
          requests.push({
            by,
            previous: previous?.value,
            respond: value => resolve({ body: { value, heldBytes: 1000 }, status: 200, lifetime }),
            fail: reject,
          })
        }),
      runInBackground: (_name, work) => work(),
      shared: {
        tier: tier.forReplica(),
        mergeFromReplica: (body, previous) => ({ ...body, previous: previous?.value }),
      },
      clock,
      random: () => 0,
      lookupTimeoutMs: 15_000,
      signal: new AbortController().signal,
      minRefreshMs: 10_000,
      log: recordingLogger().logger,
    })
    t.teardown(() => cache.close())
    return cache
  }
  const settle = () => clock.advance(0)
  const next = async () => {
    await settle()
    const request = requests.shift()
    if (request === undefined) throw new Error('the origin got no request')
    return request
  }
  /** Looks up, and lets the origin respond with the value. */
  const store = async (cache: ResponseCache<Body>, value: string) => {
    const lookup = cache.lookup('bob')
    ;(await next()).respond(value)
    await lookup
    await settle()
  }
  return { clock, tier, requests, replica, next, settle, store }
}

t.test(
  'when many replicas miss the same key at once, one replica fetches the response',
  async t => {
    const { replica, next, requests } = replicasFor(t)
    const caches = ['a', 'b', 'c'].map(replica)
    const lookups = caches.flatMap(cache => Array.from({ length: 500 }, () => cache.lookup('bob')))
    ;(await next()).respond('one')
    const results = await Promise.all(lookups)
    for (const result of results) t.match(result, { response: { body: { value: 'one' } } })
    t.equal(requests.length, 0)
    t.equal(
      results.reduce((sum, { forward }) => sum + (forward?.requests ?? 0), 0),
      0,
    )
    t.match(results[0]?.forward, {
      reason: 'uri-miss',
      status: 200,
      stored: true,
      collapsed: false,
    })
    t.match(results[500]?.forward, {
      reason: 'uri-miss',
      stored: true,
      collapsed: true,
      requests: 0,
    })
  },
)

t.test('a new replica serves fresh and stale responses from the shared tier', async t => {
  const { replica, store, clock, requests, settle } = replicasFor(t)
  await store(replica('a'), 'one')
  t.match(await replica('b').lookup('bob'), {
    response: { body: { value: 'one' } },
    forward: undefined,
  })
  await clock.advance(seconds(301))
  t.match(await replica('c').lookup('bob'), {
    response: { body: { value: 'one' } },
    forward: undefined,
  })
  await settle()
  t.match(requests, [{ by: 'c', previous: 'one' }], 'c revalidates the stale response')
})

t.test('a lookup with only-if-cached also checks the shared tier', async t => {
  const { replica, store, requests } = replicasFor(t)
  const onlyIfCached = { ...NO_DIRECTIVES, onlyIfCached: true }
  const other = replica('b')
  t.match(await other.lookup('bob', onlyIfCached), { failure: { type: 'not-stored' } })
  await store(replica('a'), 'one')
  t.match(await other.lookup('bob', onlyIfCached), { response: { body: { value: 'one' } } })
  t.same(requests, [])
})

t.test('a revalidation serves all replicas', async t => {
  const { replica, store, clock, next, settle, requests } = replicasFor(t)
  const [a, b] = [replica('a'), replica('b')]
  await store(a, 'one')
  await b.lookup('bob')
  await clock.advance(seconds(301))
  a.lookup('bob')
  await settle()
  b.lookup('bob')
  const revalidation = await next()
  revalidation.respond('two')
  await settle()
  t.match(b.lookup('bob'), { response: { body: { value: 'two', previous: 'one' } } })
  t.same(requests, [])
})

t.test("a response stored by one replica replaces another replica's older response", async t => {
  const { replica, store, clock, next, settle } = replicasFor(t)
  const [a, b, c] = [replica('a'), replica('b'), replica('c')]
  await store(a, 'one')
  await b.lookup('bob')
  await clock.advance(seconds(20))
  const forced = a.lookup('bob', { ...NO_DIRECTIVES, noCache: true })
  const request = await next()
  t.match(b.lookup('bob'), { response: { body: { value: 'one' } } }, 'b does not wait')
  request.respond('two')
  await forced
  await settle()
  t.match(b.lookup('bob'), { response: { body: { value: 'two', previous: 'one' } } })
  t.equal(c.status.entries, 0, 'c holds no older one')
})

t.test('when the lease holder fails, lookups on all replicas fail', async t => {
  const { replica, next, clock, requests, settle } = replicasFor(t)
  const [a, b] = [replica('a'), replica('b')]
  const lookups = [a.lookup('bob'), b.lookup('bob')]
  const problem = new Problem('spotify-unavailable', 'no response', { originStatus: 503 })
  ;(await next()).fail(problem)
  for (const lookup of await Promise.all(lookups)) {
    t.match(lookup, { failure: { type: 'spotify-unavailable', message: 'no response' } })
  }
  await settle()
  t.match(await b.lookup('bob'), { failure: { type: 'spotify-unavailable' }, forward: undefined })
  t.same(requests, [])
  await clock.advance(seconds(2))
  b.lookup('bob')
  t.match(await next(), { by: 'b' })
})

t.test('another replica takes over when the lease holder stops or dies', async t => {
  const { replica, next, tier } = replicasFor(t)
  const [a, b, c] = [replica('a'), replica('b'), replica('c')]
  a.lookup('bob')
  const first = await next()
  const other = b.lookup('bob')
  const third = c.lookup('bob')
  first.fail(new Problem('shutting-down', 'over'))
  const second = await next()
  t.equal(second.by, 'b')
  tier.expire('bob')
  const last = await next()
  t.equal(last.by, 'c')
  last.respond('late')
  t.match(await third, { response: { body: { value: 'late' } } })
  second.respond('later')
  t.match(await other, { response: { body: { value: 'later' } } })
})

t.test('without the shared tier each replica fetches separately', async t => {
  const { replica, tier, store, requests, next } = replicasFor(t)
  tier.isUp = false
  const [a, b] = [replica('a'), replica('b')]
  await store(a, 'one')
  b.lookup('bob')
  t.match(await next(), { by: 'b' })
  t.match(a.lookup('bob'), { response: { body: { value: 'one' } } })
  t.same(requests, [])
})

t.test('a replica waits no longer for the lease holder than for the origin', async t => {
  const { replica, next, clock, tier, requests, settle } = replicasFor(t)
  replica('a').lookup('bob')
  await next()
  const waiting = replica('b').lookup('bob')
  await settle()
  await clock.advance(seconds(15))
  t.match(await waiting, { failure: { type: 'deadline-exceeded' } })
  // The lease ends, and another replica is faster again.
  const [end] = tier.leases.get('bob') ?? []
  tier.leases.set('bob', [])
  end?.({ failure: undefined })
  t.match(await next(), { by: 'b' })
  t.same(requests, [])
})

t.test('a response too large for memory is still shared', async t => {
  const { replica, store, requests } = replicasFor(t, { maxBytes: 1000 })
  await store(replica('a'), 'one')
  t.match(await replica('b').lookup('bob'), {
    response: { body: { value: 'one' } },
    forward: { reason: 'uri-miss', status: undefined, stored: true },
  })
  t.same(requests, [])
})

t.test('a never-fresh response only serves waiting lookups', async t => {
  const lifetime = { ...LIFETIME, freshSeconds: 0 }
  const { replica, next, clock, requests, settle } = replicasFor(t, { lifetime })
  const [a, b] = [replica('a'), replica('b')]
  const lookups = [a.lookup('bob'), b.lookup('bob')]
  ;(await next()).respond('one')
  await Promise.all(lookups)
  t.same(requests, [])
  await clock.advance(seconds(20))
  b.lookup('bob', { ...NO_DIRECTIVES, noCache: true })
  await settle()
  t.match(requests, [{ by: 'b', previous: 'one' }])
})

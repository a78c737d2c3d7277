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
  /** What was in memory when it was taken over from the tier. */
  readonly previous?: string | undefined
}

interface Request {
  readonly by: string
  readonly previous: string | undefined
  answer(value: string): void
  fail(problem: Problem): void
}

const LIFETIME = { freshSeconds: 300, staleWhileRevalidateSeconds: 600, staleIfErrorSeconds: 3600 }
const seconds = (count: number) => count * 1000

/** Caches, one a replica, in front of an origin that answers when and how the test says. */
function replicasFor(t: Test, { maxBytes = 100_000, lifetime = LIFETIME } = {}) {
  const clock = new ManualClock()
  const tier = new MemoryTier<Body>()
  const requests: Request[] = []
  const replica = (by: string) => {
    const cache = new ResponseCache<Body>({
      store: new MemoryStore(maxBytes),
      produce: (_key, previous) =>
        new Promise((resolve, reject) => {
          requests.push({
            by,
            previous: previous?.value,
            answer: value => resolve({ body: { value, heldBytes: 1000 }, status: 200, lifetime }),
            fail: reject,
          })
        }),
      runInBackground: (_name, work) => work(),
      shared: {
        tier: tier.forReplica(),
        adopt: (body, previous) => ({ ...body, previous: previous?.value }),
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
    if (request === undefined) throw new Error('the origin was not asked')
    return request
  }
  /** Looks up and lets the origin answer. */
  const store = async (cache: ResponseCache<Body>, value: string) => {
    const lookup = cache.lookup('bob')
    ;(await next()).answer(value)
    await lookup
    await settle()
  }
  return { clock, tier, requests, replica, next, settle, store }
}

t.test('of many replicas that miss the same key at once, one asks the origin', async t => {
  const { replica, next, requests } = replicasFor(t)
  const caches = ['a', 'b', 'c'].map(replica)
  const lookups = caches.flatMap(cache => Array.from({ length: 500 }, () => cache.lookup('bob')))
  ;(await next()).answer('one')
  const answers = await Promise.all(lookups)
  for (const answer of answers) t.match(answer, { response: { body: { value: 'one' } } })
  t.equal(requests.length, 0)
  t.equal(
    answers.reduce((sum, { forward }) => sum + (forward?.requests ?? 0), 0),
    0,
  )
  t.match(answers[0]?.forward, { reason: 'uri-miss', status: 200, stored: true, collapsed: false })
  t.match(answers[500]?.forward, { reason: 'uri-miss', stored: true, collapsed: true, requests: 0 })
})

t.test('a new replica answers from the tier, fresh and stale', async t => {
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
  t.match(requests, [{ by: 'c', previous: 'one' }], 'which it refreshes behind the answer')
})

t.test('what only a cache may give is looked for in the tier, too', async t => {
  const { replica, store, requests } = replicasFor(t)
  const onlyIfCached = { ...NO_DIRECTIVES, onlyIfCached: true }
  const other = replica('b')
  t.match(await other.lookup('bob', onlyIfCached), { failure: { type: 'not-stored' } })
  await store(replica('a'), 'one')
  t.match(await other.lookup('bob', onlyIfCached), { response: { body: { value: 'one' } } })
  t.same(requests, [])
})

t.test('a refresh is for all replicas', async t => {
  const { replica, store, clock, next, settle, requests } = replicasFor(t)
  const [a, b] = [replica('a'), replica('b')]
  await store(a, 'one')
  await b.lookup('bob')
  await clock.advance(seconds(301))
  a.lookup('bob')
  await settle()
  b.lookup('bob')
  const refresh = await next()
  refresh.answer('two')
  await settle()
  t.match(b.lookup('bob'), { response: { body: { value: 'two', previous: 'one' } } })
  t.same(requests, [])
})

t.test('what one has stored replaces the older that another holds, and nothing else', async t => {
  const { replica, store, clock, next, settle } = replicasFor(t)
  const [a, b, c] = [replica('a'), replica('b'), replica('c')]
  await store(a, 'one')
  await b.lookup('bob')
  await clock.advance(seconds(20))
  const forced = a.lookup('bob', { ...NO_DIRECTIVES, noCache: true })
  const request = await next()
  t.match(b.lookup('bob'), { response: { body: { value: 'one' } } }, 'not waited for')
  request.answer('two')
  await forced
  await settle()
  t.match(b.lookup('bob'), { response: { body: { value: 'two', previous: 'one' } } })
  t.equal(c.status.entries, 0, 'who does not hold it does not fetch it')
})

t.test('a failure of the one that asks is a failure for all, once', async t => {
  const { replica, next, clock, requests, settle } = replicasFor(t)
  const [a, b] = [replica('a'), replica('b')]
  const lookups = [a.lookup('bob'), b.lookup('bob')]
  const problem = new Problem('spotify-unavailable', 'no answer', { originStatus: 503 })
  ;(await next()).fail(problem)
  for (const lookup of await Promise.all(lookups)) {
    t.match(lookup, { failure: { type: 'spotify-unavailable', message: 'no answer' } })
  }
  await settle()
  t.match(await b.lookup('bob'), { failure: { type: 'spotify-unavailable' }, forward: undefined })
  t.same(requests, [])
  await clock.advance(seconds(2))
  b.lookup('bob')
  t.match(await next(), { by: 'b' })
})

t.test('when the one that asks stops or dies, another takes over', async t => {
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
  last.answer('late')
  t.match(await third, { response: { body: { value: 'late' } } })
  second.answer('later')
  t.match(await other, { response: { body: { value: 'later' } } })
})

t.test('without the tier everybody goes on alone', async t => {
  const { replica, tier, store, requests, next } = replicasFor(t)
  tier.isUp = false
  const [a, b] = [replica('a'), replica('b')]
  await store(a, 'one')
  b.lookup('bob')
  t.match(await next(), { by: 'b' })
  t.match(a.lookup('bob'), { response: { body: { value: 'one' } } })
  t.same(requests, [])
})

t.test('nobody waits for another longer than for the origin', async t => {
  const { replica, next, clock, tier, requests, settle } = replicasFor(t)
  replica('a').lookup('bob')
  await next()
  const waiting = replica('b').lookup('bob')
  await settle()
  await clock.advance(seconds(15))
  t.match(await waiting, { failure: { type: 'deadline-exceeded' } })
  // It is told to look, and finds that another was quicker once more.
  const [tell] = tier.claims.get('bob') ?? []
  tier.claims.set('bob', [])
  tell?.({ failure: undefined })
  t.match(await next(), { by: 'b' })
  t.same(requests, [])
})

t.test('a list too large for memory is still shared', async t => {
  const { replica, store, requests } = replicasFor(t, { maxBytes: 1000 })
  await store(replica('a'), 'one')
  t.match(await replica('b').lookup('bob'), {
    response: { body: { value: 'one' } },
    forward: { reason: 'uri-miss', status: undefined, stored: true },
  })
  t.same(requests, [])
})

t.test('what is never fresh is shared by those who wait for it, and by nobody else', async t => {
  const lifetime = { ...LIFETIME, freshSeconds: 0 }
  const { replica, next, clock, requests, settle } = replicasFor(t, { lifetime })
  const [a, b] = [replica('a'), replica('b')]
  const lookups = [a.lookup('bob'), b.lookup('bob')]
  ;(await next()).answer('one')
  await Promise.all(lookups)
  t.same(requests, [])
  await clock.advance(seconds(20))
  b.lookup('bob', { ...NO_DIRECTIVES, noCache: true })
  await settle()
  t.match(requests, [{ by: 'b', previous: 'one' }])
})

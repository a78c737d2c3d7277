import t, { type Test } from 'tap'
import { MemoryStore, type Sized } from '../../src/cache/memory-store.ts'
import type { Produced } from '../../src/cache/origin-fetches.ts'
import { ResponseCache } from '../../src/cache/response-cache.ts'
import type { SharedTier } from '../../src/cache/shared-tier.ts'
import { runUntraced } from '../../src/lib/background.ts'
import { Problem } from '../../src/problems/problem.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryTier } from '../support/memory-tier.ts'

const lifetime = { freshSeconds: 300, staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 7200 }
const minutes = (count: number) => count * 60_000

/** The cache in front of an origin that answers once and hangs from then on, until it is stopped. */
function cacheFor(t: Test, tier?: SharedTier<Sized>) {
  const clock = new ManualClock()
  const stopping = new AbortController()
  const reason = new Problem('shutting-down', 'stopped')
  const asked: string[] = []
  const cache = new ResponseCache<Sized>({
    runInBackground: runUntraced,
    store: new MemoryStore(100_000),
    produce: key => {
      asked.push(key)
      const produced = { body: { heldBytes: 1000 }, status: 200, lifetime }
      return asked.length === 1 ? Promise.resolve(produced) : new Promise<Produced<Sized>>(() => {})
    },
    clock,
    random: () => 0,
    lookupTimeoutMs: 15_000,
    signal: stopping.signal,
    minRefreshMs: 10_000,
    ...(tier === undefined ? {} : { shared: { tier, adopt: body => body } }),
    log: recordingLogger().logger,
  })
  t.teardown(() => cache.close())
  const stop = () => stopping.abort(reason)
  return { cache, clock, asked, stop, reason }
}

t.test('a lookup that waits for an origin that hangs ends when the service stops', async t => {
  const { cache, clock, stop, reason } = cacheFor(t)
  await cache.lookup('known')
  const lookup = cache.lookup('bob')
  stop()
  t.match(await lookup, { failure: reason, forward: { reason: 'uri-miss', stored: false } })
  t.notOk(clock.pending.includes(15_000), 'its deadline is no timer any more')
})

t.test('a caller who waits for a refresh gets the stale response instead', async t => {
  const { cache, clock, stop, reason } = cacheFor(t)
  await cache.lookup('bob')
  await clock.advance(minutes(6))
  const lookup = cache.lookup('bob')
  t.ok(lookup instanceof Promise)
  stop()
  t.match(await lookup, { response: { body: { heldBytes: 1000 } }, failure: reason })
})

t.test('once the service stops the origin is not asked, and hits are answered', async t => {
  const { cache, clock, stop, reason, asked } = cacheFor(t)
  await cache.lookup('bob')
  stop()
  t.match(cache.lookup('alice'), { failure: reason })
  t.match(cache.lookup('bob'), { response: {} })
  await clock.advance(minutes(6))
  t.match(cache.lookup('bob'), { response: {}, failure: reason })
  t.same(asked, ['bob'])
})

t.test('a lookup that waits for another replica ends when the service stops', async t => {
  const tier = new MemoryTier<Sized>()
  await tier.forReplica().claim('bob')
  const { cache, clock, stop, reason, asked } = cacheFor(t, tier.forReplica())
  const lookup = cache.lookup('bob')
  await clock.advance(0)
  stop()
  t.match(await lookup, { failure: reason })
  t.same(asked, [])
})

t.test('a lookup that waits for a shared cache that hangs ends when the service stops', async t => {
  const tier = new MemoryTier<Sized>().forReplica()
  const { cache, stop, reason, asked } = cacheFor(t, { ...tier, get: () => new Promise(() => {}) })
  const lookup = cache.lookup('bob')
  stop()
  t.match(await lookup, { failure: reason })
  t.same(asked, [])
})

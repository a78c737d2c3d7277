import t, { type Test } from 'tap'
import { MemoryStore, type Sized } from '../../src/cache/memory-store.ts'
import type { OriginResponse } from '../../src/cache/origin-fetches.ts'
import { ResponseCache } from '../../src/cache/response-cache.ts'
import type { SharedTier } from '../../src/cache/shared-tier.ts'
import { runUntraced } from '../../src/lib/background.ts'
import { Problem } from '../../src/problems/problem.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryTier } from '../support/memory-tier.ts'

const lifetime = { freshSeconds: 300, staleWhileRevalidateSeconds: 0, staleIfErrorSeconds: 7200 }
const minutes = (count: number) => count * 60_000

/** A cache with an origin that responds once and then hangs. */
function cacheFor(t: Test, tier?: SharedTier<Sized>) {
  const clock = new ManualClock()
  const stopping = new AbortController()
  const reason = new Problem('shutting-down', 'stopped')
  const fetched: string[] = []
  const cache = new ResponseCache<Sized>({
    runInBackground: runUntraced,
    store: new MemoryStore(100_000),
    fetch: key => {
      fetched.push(key)
      const response = { body: { heldBytes: 1000 }, status: 200, lifetime }
      return fetched.length === 1
        ? Promise.resolve(response)
        : new Promise<OriginResponse<Sized>>(() => {})
    },
    clock,
    random: () => 0,
    lookupTimeoutMs: 15_000,
    signal: stopping.signal,
    minRefreshMs: 10_000,
    ...(tier === undefined ? {} : { shared: { tier, mergeFromReplica: body => body } }),
    log: recordingLogger().logger,
  })
  t.teardown(() => cache.close())
  const stop = () => stopping.abort(reason)
  return { cache, clock, fetched, stop, reason }
}

t.test('a lookup waiting for a hanging origin ends when the service stops', async t => {
  const { cache, clock, stop, reason } = cacheFor(t)
  await cache.lookup('known')
  const lookup = cache.lookup('bob')
  stop()
  t.match(await lookup, { failure: reason, forward: { reason: 'uri-miss', stored: false } })
  t.notOk(clock.pending.includes(15_000), 'the timer of the time-out is cleared')
})

t.test(
  'a lookup waiting for a revalidation gets the stale response when the service stops',
  async t => {
    const { cache, clock, stop, reason } = cacheFor(t)
    await cache.lookup('bob')
    await clock.advance(minutes(6))
    const lookup = cache.lookup('bob')
    t.ok(lookup instanceof Promise)
    stop()
    t.match(await lookup, { response: { body: { heldBytes: 1000 } }, failure: reason })
  },
)

t.test('a stopping service serves hits and fetches nothing', async t => {
  const { cache, clock, stop, reason, fetched } = cacheFor(t)
  await cache.lookup('bob')
  stop()
  t.match(cache.lookup('alice'), { failure: reason })
  t.match(cache.lookup('bob'), { response: {} })
  await clock.advance(minutes(6))
  t.match(cache.lookup('bob'), { response: {}, failure: reason })
  t.same(fetched, ['bob'])
})

t.test('a lookup waiting for another replica ends when the service stops', async t => {
  const tier = new MemoryTier<Sized>()
  await tier.forReplica().acquireLease('bob')
  const { cache, clock, stop, reason, fetched } = cacheFor(t, tier.forReplica())
  const lookup = cache.lookup('bob')
  await clock.advance(0)
  stop()
  t.match(await lookup, { failure: reason })
  t.same(fetched, [])
})

t.test('a lookup waiting for a hanging shared tier ends when the service stops', async t => {
  const tier = new MemoryTier<Sized>().forReplica()
  const { cache, stop, reason, fetched } = cacheFor(t, {
    ...tier,
    get: () => new Promise(() => {}),
  })
  const lookup = cache.lookup('bob')
  stop()
  t.match(await lookup, { failure: reason })
  t.same(fetched, [])
})

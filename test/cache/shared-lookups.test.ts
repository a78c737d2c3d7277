import t from 'tap'
import { stored } from '../../src/cache/freshness.ts'
import { MemoryStore, type Sized } from '../../src/cache/memory-store.ts'
import { SharedLookups } from '../../src/cache/shared-lookups.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryTier } from '../support/memory-tier.ts'

const LIFETIME = { freshSeconds: 60, staleWhileRevalidateSeconds: 600, staleIfErrorSeconds: 600 }
const body = { heldBytes: 1 }

t.test(
  'a replica that acquires the lease uses a fresh response just stored by another replica',
  async t => {
    for (const [ageMs, requests] of [
      [59_999, 0],
      [60_000, 1],
    ] as const) {
      const clock = new ManualClock()
      const tier = new MemoryTier<Sized>()
      const store = new MemoryStore<Sized>(10_000)
      const lookups = new SharedLookups({
        store,
        tier: tier.forReplica(),
        mergeFromReplica: theirs => theirs,
        clock,
      })
      const theirs = stored(body, clock.now() - ageMs, LIFETIME)
      tier.entries.set('bob', theirs)
      const fetches: unknown[] = []
      const fetch = async (found: unknown) => {
        fetches.push(found)
        return { response: stored(body, clock.now(), LIFETIME), status: 200, stored: true }
      }
      const target = { key: 'bob', found: undefined, deadlineMs: 1000 }
      const { response } = await lookups.fetchOnce(target, fetch)
      t.equal(fetches.length, requests)
      if (requests === 0) t.same(response, theirs)
      else t.same(fetches, [theirs], 'the response to replace')
      t.equal(tier.leases.size, 0)
    }
  },
)

import t from 'tap'
import { stored } from '../../src/cache/freshness.ts'
import { MemoryStore, type Sized } from '../../src/cache/memory-store.ts'
import { Tiers } from '../../src/cache/shared-lookups.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryTier } from '../support/memory-tier.ts'

const LIFETIME = { freshSeconds: 60, staleWhileRevalidateSeconds: 600, staleIfErrorSeconds: 600 }
const body = { heldBytes: 1 }

t.test(
  'what came into the tier between the look and the claim is used while it is fresh',
  async t => {
    for (const [ageMs, requests] of [
      [59_999, 0],
      [60_000, 1],
    ] as const) {
      const clock = new ManualClock()
      const tier = new MemoryTier<Sized>()
      const store = new MemoryStore<Sized>(10_000)
      const tiers = new Tiers({ store, tier: tier.forReplica(), adopt: theirs => theirs, clock })
      const theirs = stored(body, clock.now() - ageMs, LIFETIME)
      tier.entries.set('bob', theirs)
      const asked: unknown[] = []
      const ask = async (found: unknown) => {
        asked.push(found)
        return { response: stored(body, clock.now(), LIFETIME), status: 200, stored: true }
      }
      const wanted = { key: 'bob', found: undefined, deadlineMs: 1000 }
      const { response } = await tiers.askOnce(wanted, ask)
      t.equal(asked.length, requests)
      if (requests === 0) t.same(response, theirs)
      else t.same(asked, [theirs], 'it is what the new one replaces')
      t.equal(tier.claims.size, 0)
    }
  },
)

import t from 'tap'
import { MemoryTier } from '../support/memory-tier.ts'
import { until } from '../support/until.ts'
import { sharedTierContract } from './shared-tier-contract.ts'

sharedTierContract(t, async () => {
  const tier = new MemoryTier<string>()
  return { one: tier.forReplica(), other: tier.forReplica(), wait: until, now: Date.now }
})

import t from 'tap'
import { RedisQuota } from '../../src/replicas/redis-quota.ts'
import { ManualClock } from '../support/manual-clock.ts'

t.test(
  'the quota refuses a lookup needing more requests than remain, and counts nothing',
  async t => {
    const connection = {
      run: () => Promise.reject(new Error('unreachable')),
      onDegraded: () => {},
    }
    const clock = new ManualClock()
    const budget = new RedisQuota({ connection, app: 'app', limit: 10, clock })
    await budget.reserve(false)
    t.doesNotThrow(() => budget.check({ left: 9, whole: 9 }, false))
    t.throws(() => budget.check({ left: 10, whole: 10 }, false), { message: /takes 10 requests/ })
    t.equal(budget.spent, 1)
  },
)

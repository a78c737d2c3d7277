import t from 'tap'
import { SharedBudget } from '../../src/redis/redis-quota.ts'
import { ManualClock } from '../support/manual-clock.ts'

t.test('what does not fit what is known here is refused, and nothing is counted', async t => {
  const connection = { run: () => Promise.reject(new Error('away')) }
  const clock = new ManualClock()
  const budget = new SharedBudget({ connection, app: 'app', limit: 10, clock })
  await budget.reserve(false)
  t.doesNotThrow(() => budget.check({ left: 9, whole: 9 }, false))
  t.throws(() => budget.check({ left: 10, whole: 10 }, false), { message: /takes 10 requests/ })
  t.equal(budget.spent, 1)
})

import t from 'tap'
import { quantile, spreadOf } from '../../bench/statistics.ts'

t.test('a quantile is interpolated linearly', async t => {
  t.equal(quantile([3, 1, 2], 0.5), 2)
  t.equal(quantile([1, 2, 3, 4], 0.5), 2.5)
  t.equal(quantile([10, 20], 0.25), 12.5)
  t.equal(quantile([5], 0.99), 5)
  t.equal(quantile([1, 2, 3], 1), 3)
})

t.test('the quantile of no values is NaN', async t => {
  t.ok(Number.isNaN(quantile([], 0.5)))
})

t.test('spreadOf does not sort its argument', async t => {
  const values = [5, 1, 4, 2, 3]
  t.same(spreadOf(values), { median: 3, q1: 2, q3: 4, count: 5 })
  t.same(values, [5, 1, 4, 2, 3])
})

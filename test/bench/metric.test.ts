import t from 'tap'
import { isMet, type Metric, tableOf } from '../../bench/metric.ts'
import { spreadOf } from '../../bench/statistics.ts'

const metric = (more: Partial<Metric> = {}): Metric => ({
  group: 'hit',
  name: '2 KB',
  unit: 'us',
  ours: spreadOf([50]),
  ...more,
})

t.test(
  "a threshold applies to a metric's ratio, or to the metric itself if it has none",
  async t => {
    const ratio = spreadOf([0.5])
    t.equal(isMet(metric()), undefined)
    t.equal(isMet(metric({ threshold: { atLeast: 50 } })), true)
    t.equal(isMet(metric({ threshold: { atMost: 49 } })), false)
    t.equal(isMet(metric({ ratio, threshold: { atLeast: 0.51 } })), false)
    t.equal(isMet(metric({ ratio, threshold: { atMost: 0.5 } })), true)
  },
)

t.test(
  'the table has medians, quartiles, thresholds and verdicts, and marks disturbed metrics',
  async t => {
    const table = tableOf([
      metric({ note: 'alone' }),
      metric({
        ours: spreadOf([1, 2, 3]),
        reference: { name: 'plain', ...spreadOf([123.4]) },
        ratio: spreadOf([10]),
        threshold: { atLeast: 0.8 },
        othersShare: 0.2,
      }),
      metric({ threshold: { atMost: 9 }, othersShare: 0.05 }),
    ])
    const cells = table.split('\n').map(line => line.split('|').map(cell => cell.trim()))
    t.same(cells[2], ['', 'hit', '2 KB', '50.0 us', '', '', '', '', 'alone', ''])
    t.same(cells[3]?.slice(2, 8), [
      '2 KB ~',
      '2.00 (1.50-2.50) us',
      '123 us: plain',
      '10.0',
      '>= 0.8',
      'met',
    ])
    t.same(cells[4]?.slice(2, 8), ['2 KB', '50.0 us', '', '', '<= 9', 'MISSED'])
  },
)

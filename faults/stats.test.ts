import t from 'tap'
import { Stats } from './stats.ts'

t.test(
  'percentile(share) returns the duration below which that share of responses falls',
  async t => {
    const stats = new Stats()
    t.equal(stats.percentile(0.99), 0, 'without responses')
    for (let durationMs = 100; durationMs >= 1; durationMs--) {
      stats.add({ status: 200, headers: {}, body: '', durationMs })
    }
    t.equal(stats.percentile(0.5), 51)
    t.equal(stats.percentile(0.99), 100)
    t.equal(stats.percentile(1), 100)
  },
)

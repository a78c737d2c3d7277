import t from 'tap'
import { Tally } from './tally.ts'

t.test('percentile returns the duration below which this share of the responses stays', async t => {
  const tally = new Tally()
  t.equal(tally.percentile(0.99), 0, 'without responses')
  for (let durationMs = 100; durationMs >= 1; durationMs--) {
    tally.add({ status: 200, headers: {}, body: '', durationMs })
  }
  t.equal(tally.percentile(0.5), 51)
  t.equal(tally.percentile(0.99), 100)
  t.equal(tally.percentile(1), 100)
})

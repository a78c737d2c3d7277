import t from 'tap'
import { Tally } from '../faults/tally.ts'

t.test('a percentile is the duration that this share of the answers stays below', async t => {
  const tally = new Tally()
  t.equal(tally.percentile(0.99), 0, 'of no answers')
  for (let durationMs = 100; durationMs >= 1; durationMs--) {
    tally.add({ status: 200, headers: {}, body: '', durationMs })
  }
  t.equal(tally.percentile(0.5), 51)
  t.equal(tally.percentile(0.99), 100)
  t.equal(tally.percentile(1), 100)
})

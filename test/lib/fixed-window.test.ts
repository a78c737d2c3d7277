import t from 'tap'
import { LocalCallerCounts } from '../../src/lib/fixed-window.ts'
import { ManualClock } from '../support/manual-clock.ts'

t.test('each caller has a window of its own, which begins with its first request', async t => {
  const clock = new ManualClock()
  const counts = new LocalCallerCounts(1000, clock)
  t.same(counts.count('a'), { used: 1, leftMs: 1000 })
  await clock.advance(400)
  t.same(counts.count('a'), { used: 2, leftMs: 600 })
  t.same(counts.count('b'), { used: 1, leftMs: 1000 })
  await clock.advance(599)
  t.same(counts.count('a'), { used: 3, leftMs: 1 })
  await clock.advance(1)
  t.same(counts.count('a'), { used: 1, leftMs: 1000 })
  t.same(counts.count('b'), { used: 2, leftMs: 400 })
})

t.test('a wall clock that is set does not matter', async t => {
  const clock = new ManualClock()
  const counts = new LocalCallerCounts(1000, clock)
  counts.count('a')
  clock.setWall(clock.now() + 86_400_000)
  t.same(counts.count('a'), { used: 2, leftMs: 1000 })
})

t.test('of very many callers those not seen for longest are forgotten', async t => {
  const counts = new LocalCallerCounts(1000, new ManualClock())
  for (let caller = 0; caller < 10_000; caller++) counts.count(`${caller}`)
  t.equal(counts.count('0').used, 2)
  counts.count('one more')
  t.equal(counts.count('0').used, 3)
  t.equal(counts.count('1').used, 1)
})

import t from 'tap'
import { LocalFixedWindow } from '../../src/lib/fixed-window.ts'
import { ManualClock } from '../support/manual-clock.ts'

t.test("a caller's window begins with the first request", async t => {
  const clock = new ManualClock()
  const counts = new LocalFixedWindow(1000, clock)
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

t.test("a wall clock change has no effect on a caller's window", async t => {
  const clock = new ManualClock()
  const counts = new LocalFixedWindow(1000, clock)
  counts.count('a')
  clock.setWall(clock.now() + 86_400_000)
  t.same(counts.count('a'), { used: 2, leftMs: 1000 })
})

t.test('the least recently seen of 10 000 callers is forgotten', async t => {
  const counts = new LocalFixedWindow(1000, new ManualClock())
  for (let caller = 0; caller < 10_000; caller++) counts.count(`${caller}`)
  t.equal(counts.count('0').used, 2)
  counts.count('one more')
  t.equal(counts.count('0').used, 3)
  t.equal(counts.count('1').used, 1)
})

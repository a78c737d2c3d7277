import t from 'tap'
import { SlidingWindow } from '../../src/lib/sliding-window.ts'

t.test('an event counts for the window, plus less than one bucket', async t => {
  for (const at of [0, 1, 999, 1000, 5500]) {
    const count = new SlidingWindow(60_000, 1000)
    count.add(at)
    t.equal(count.total(at), 1)
    t.equal(count.total(at + 60_000), 1, `${at}: at the end of the window`)
    t.equal(count.total(at + 61_000), 0, `${at}: a bucket later`)
  }
})

t.test('events expire one after another, even after a long silence', async t => {
  const count = new SlidingWindow(10_000, 1000)
  for (let second = 0; second < 25; second++) {
    count.add(second * 1000)
    count.add(second * 1000 + 999)
  }
  t.equal(count.total(24_999), 22)
  t.equal(count.total(30_000), 10, 'those of 20 to 24 s')
  t.equal(count.total(1_000_000), 0)
  count.add(1_000_000)
  t.equal(count.total(1_000_000), 1)
})

t.test('atMostFromMs returns the instant when the total has fallen to a number', async t => {
  const count = new SlidingWindow(10_000, 1000)
  for (const at of [500, 2500, 2600, 7000]) count.add(at)
  for (const [most, from] of [
    [4, 7000],
    [3, 11_000],
    [2, 13_000],
    [1, 13_000],
    [0, 18_000],
  ] as const) {
    t.equal(count.atMostFromMs(most, 7000), from, `${most}`)
    t.ok(count.total(7000) > most || most === 4)
  }
  t.equal(count.total(10_999), 4)
  t.equal(count.total(11_000), 3)
  t.equal(count.total(13_000), 1)
  t.equal(count.total(18_000), 0)
})

t.test('events are counted and removed at their own instant', async t => {
  const count = new SlidingWindow(10_000, 1000)
  count.add(5000, 3)
  count.add(9000)
  count.add(5000, -1)
  count.add(4000, 2)
  t.equal(count.total(9000), 5)
  t.equal(count.total(15_000), 3)
  count.add(4000, 7)
  t.equal(count.total(15_000), 3, 'an expired event does not count')
})

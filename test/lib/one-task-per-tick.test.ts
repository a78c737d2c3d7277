import t from 'tap'
import { OneTaskPerTick } from '../../src/lib/one-task-per-tick.ts'

t.test('each task runs in a separate event loop tick, in order', async t => {
  const ticks = new OneTaskPerTick()
  let tick = 0
  const count = () => {
    tick++
    if (tick < 100) setImmediate(count)
  }
  setImmediate(count)
  const given = await Promise.all(Array.from({ length: 8 }, () => ticks.next().then(() => tick)))
  t.equal(new Set(given).size, 8, `ticks ${given}`)
  t.same(
    given,
    [...given].sort((a, b) => a - b),
  )
})

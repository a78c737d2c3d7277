import t from 'tap'
import { Turns } from '../../src/spotify/turns.ts'

t.test('each piece of work has a turn of the event loop for itself', async t => {
  const turns = new Turns()
  let turn = 0
  const count = () => {
    turn++
    if (turn < 100) setImmediate(count)
  }
  setImmediate(count)
  const given = await Promise.all(Array.from({ length: 8 }, () => turns.next().then(() => turn)))
  t.equal(new Set(given).size, 8, `turns ${given}`)
  t.same(
    given,
    [...given].sort((a, b) => a - b),
    'in the order in which they were asked for',
  )
})

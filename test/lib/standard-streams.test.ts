import t from 'tap'
import { closeGone } from '../../src/lib/standard-streams.ts'

t.test('a terminal that is gone is closed, and one that is still there is not', async t => {
  const closed: number[] = []
  closeGone(
    [0, 1, 2],
    fd => fd === 1,
    fd => closed.push(fd),
  )
  t.same(closed, [0, 2])
})

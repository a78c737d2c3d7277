import t from 'tap'
import { closeGone } from '../../src/lib/standard-streams.ts'

t.test('closeGone only closes terminals that are gone', async t => {
  const closed: number[] = []
  closeGone(
    [0, 1, 2],
    fd => fd === 1,
    fd => closed.push(fd),
  )
  t.same(closed, [0, 2])
})

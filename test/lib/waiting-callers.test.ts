import t from 'tap'
import { WaitingCallers } from '../../src/lib/waiting-callers.ts'

t.test('a watcher gets each caller once, whether already waiting or joining later', async t => {
  const callers = new WaitingCallers('a')
  callers.join('b')
  const seen: string[] = []
  const unwatch = callers.watch(name => seen.push(name))
  for (const name of ['c', 'a', 'c']) callers.join(name)
  t.same(seen, ['a', 'b', 'c'])
  t.match(callers, { first: 'a', size: 3 })
  unwatch()
  callers.join('d')
  t.same(seen, ['a', 'b', 'c'])
})

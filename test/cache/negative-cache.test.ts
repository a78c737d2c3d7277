import t from 'tap'
import { FailureMemory } from '../../src/cache/negative-cache.ts'
import { Problem, type ProblemType } from '../../src/problems/problem.ts'
import { ManualClock } from '../support/manual-clock.ts'

function memoryFor(random = 0) {
  const clock = new ManualClock()
  return { clock, memory: new FailureMemory({ clock, random: () => random }) }
}

const down = new Problem('spotify-unavailable', 'down', { originStatus: 503, transient: true })

t.test('a failure stands for its back-off and tells what is left of it', async t => {
  const { clock, memory } = memoryFor()
  t.equal(memory.standing('bob'), undefined)
  const told = memory.remember('bob', down)
  t.match(told, { ...down, retryAt: clock.now() + 1000, originStatus: 503 })
  await clock.advance(400)
  const standing = memory.standing('bob')
  t.match(standing, { type: 'spotify-unavailable', message: 'down', retryAt: clock.now() + 600 })
  t.equal(standing?.originStatus, undefined, 'it is told from memory')
  t.equal(memory.standing('alice'), undefined)
  await clock.advance(600)
  t.equal(memory.standing('bob'), undefined)
  t.equal(memory.has('bob'), true, 'but not forgotten')
})

t.test('the back-off doubles from 1 s to 60 s until the key works again', async t => {
  const { clock, memory } = memoryFor()
  const backOffs: number[] = []
  for (let times = 0; times < 8; times++) {
    const backOff = Number(memory.remember('bob', down).retryAt) - clock.now()
    backOffs.push(backOff)
    await clock.advance(backOff)
  }
  t.same(backOffs, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  memory.forget('bob')
  t.equal(memory.has('bob'), false)
  t.equal(memory.remember('bob', down).retryAt, clock.now() + 1000)
  const jittered = memoryFor(0.5)
  t.equal(jittered.memory.remember('bob', down).retryAt, jittered.clock.now() + 1050)
})

t.test(
  'an instant that the failure names is its back-off, whatever the wall clock does',
  async t => {
    const { clock, memory } = memoryFor()
    const retryAt = clock.now() + 3_600_000
    const limited = new Problem('spotify-rate-limited', 'not now', { retryAt })
    t.equal(memory.remember('bob', limited).retryAt, retryAt)
    clock.setWall(0)
    await clock.advance(3_599_999)
    t.equal(memory.standing('bob')?.retryAt, clock.now() + 1)
    await clock.advance(1)
    t.equal(memory.standing('bob'), undefined)
  },
)

t.test('what costs nothing to find out is found out anew', async t => {
  const { clock, memory } = memoryFor()
  const types: ProblemType[] = [
    'overloaded',
    'quota-budget-spent',
    'deadline-exceeded',
    'shutting-down',
  ]
  for (const type of types) {
    const problem = new Problem(type, '', { retryAt: clock.now() + 1000 })
    t.equal(memory.remember('bob', problem), problem)
    t.equal(memory.has('bob'), false)
  }
})

t.test('of too many failures those that nobody asks for are forgotten', async t => {
  const { memory } = memoryFor()
  memory.remember('first', down)
  memory.remember('second', down)
  for (let key = 0; key < 4999; key++) memory.remember(`key ${key}`, down)
  t.equal(memory.has('first'), false)
  t.equal(memory.has('second'), true)
})

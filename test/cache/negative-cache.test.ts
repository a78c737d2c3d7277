import t from 'tap'
import { NegativeCache } from '../../src/cache/negative-cache.ts'
import { Problem, type ProblemType } from '../../src/problems/problem.ts'
import { ManualClock } from '../support/manual-clock.ts'

function negativeCache(random = 0) {
  const clock = new ManualClock()
  return { clock, failures: new NegativeCache({ clock, random: () => random }) }
}

const down = new Problem('spotify-unavailable', 'down', { originStatus: 503, transient: true })

t.test('a failure is active until the back-off ends, and its retryAt is that instant', async t => {
  const { clock, failures } = negativeCache()
  t.equal(failures.active('bob'), undefined)
  t.match(failures.add('bob', down), { ...down, retryAt: clock.now() + 1000, originStatus: 503 })
  await clock.advance(400)
  const active = failures.active('bob')
  t.match(active, { type: 'spotify-unavailable', message: 'down', retryAt: clock.now() + 600 })
  t.equal(active?.originStatus, undefined, 'it comes from the cache')
  t.equal(failures.active('alice'), undefined)
  await clock.advance(600)
  t.equal(failures.active('bob'), undefined)
  t.equal(failures.has('bob'), true, 'after the back-off')
})

t.test('the back-off doubles from 1 s to 60 s until the key works again', async t => {
  const { clock, failures } = negativeCache()
  const backOffs: number[] = []
  for (let times = 0; times < 8; times++) {
    const backOff = Number(failures.add('bob', down).retryAt) - clock.now()
    backOffs.push(backOff)
    await clock.advance(backOff)
  }
  t.same(backOffs, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  failures.delete('bob')
  t.equal(failures.has('bob'), false)
  t.equal(failures.add('bob', down).retryAt, clock.now() + 1000)
  const jittered = negativeCache(0.5)
  t.equal(jittered.failures.add('bob', down).retryAt, jittered.clock.now() + 1050)
})

t.test(
  'a failure with retryAt is active until then, even if the wall clock is set back',
  async t => {
    const { clock, failures } = negativeCache()
    const retryAt = clock.now() + 3_600_000
    const limited = new Problem('spotify-rate-limited', 'not now', { retryAt })
    t.equal(failures.add('bob', limited).retryAt, retryAt)
    clock.setWall(0)
    await clock.advance(3_599_999)
    t.equal(failures.active('bob')?.retryAt, clock.now() + 1)
    await clock.advance(1)
    t.equal(failures.active('bob'), undefined)
  },
)

t.test('a failure that cost no origin request is not cached', async t => {
  const { clock, failures } = negativeCache()
  const types: ProblemType[] = [
    'overloaded',
    'quota-budget-spent',
    'deadline-exceeded',
    'shutting-down',
  ]
  for (const type of types) {
    const problem = new Problem(type, '', { retryAt: clock.now() + 1000 })
    t.equal(failures.add('bob', problem), problem)
    t.equal(failures.has('bob'), false)
  }
})

t.test('the negative cache evicts the least recently used failure', async t => {
  const { failures } = negativeCache()
  failures.add('first', down)
  failures.add('second', down)
  for (let key = 0; key < 4999; key++) failures.add(`key ${key}`, down)
  t.equal(failures.has('first'), false)
  t.equal(failures.has('second'), true)
})

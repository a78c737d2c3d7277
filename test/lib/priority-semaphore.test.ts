import t from 'tap'
import { PrioritySemaphore, type Release } from '../../src/lib/priority-semaphore.ts'
import { WaitingCallers } from '../../src/lib/waiting-callers.ts'
import { failureOf } from '../support/failure-of.ts'

const { signal } = new AbortController()

/** A semaphore that records the order in which requests get a slot. */
function semaphoreOf(size: number) {
  const semaphore = new PrioritySemaphore(size)
  const granted: string[] = []
  const releases = new Map<string, Release>()
  const acquire = (
    caller: string | WaitingCallers,
    name: string,
    isNew = true,
    aborted = signal,
  ) => {
    const callers = typeof caller === 'string' ? new WaitingCallers(caller) : caller
    return semaphore.acquire(isNew, callers, aborted).then(release => {
      granted.push(name)
      releases.set(name, release)
    })
  }
  const settle = () => new Promise(resolve => setImmediate(resolve))
  /** Ends the request that has held its slot longest. */
  const end = async () => {
    const [[name, release] = ['', () => {}]] = releases
    releases.delete(name)
    release()
    await settle()
  }
  return { semaphore, granted, acquire, end, settle }
}

t.test('slots go to started lookups, then to new lookups, in order', async t => {
  const { semaphore, granted, acquire, end, settle } = semaphoreOf(1)
  acquire('a', 'first')
  acquire('a', 'new 1')
  acquire('a', 'new 2')
  acquire('a', 'begun 1', false)
  acquire('a', 'begun 2', false)
  await settle()
  t.equal(semaphore.countAhead('a'), 4)
  for (let request = 0; request < 5; request++) {
    t.match(semaphore, { inUse: 1, isFull: true })
    await end()
  }
  t.same(granted, ['first', 'begun 1', 'begun 2', 'new 1', 'new 2'])
  t.match(semaphore, { inUse: 0, isFull: false })
  t.equal(semaphore.countAhead('a'), 0)
})

t.test('callers take turns, however many lookups each has', async t => {
  const { semaphore, granted, acquire, end, settle } = semaphoreOf(1)
  for (let lookup = 0; lookup < 700; lookup++) acquire('many', `many ${lookup}`)
  acquire('few', 'few 0')
  acquire('few', 'few 1')
  acquire('one', 'one 0')
  await settle()
  t.equal(semaphore.countAhead('new'), 3, 'one of each caller')
  t.equal(semaphore.countAhead('few'), 2 + 3 + 1)
  t.equal(semaphore.countAhead('many'), 699 + 2 + 1)
  for (let request = 0; request < 6; request++) await end()
  t.same(granted, ['many 0', 'many 1', 'few 0', 'one 0', 'many 2', 'few 1', 'many 3'])
})

t.test('a caller above the fair share waits for the others, even with started lookups', async t => {
  const { granted, acquire, end, settle } = semaphoreOf(4)
  for (let page = 0; page < 10; page++) acquire('long', `long ${page}`, false)
  await settle()
  acquire('short', 'short')
  await end()
  t.same(granted.slice(4), ['short'])
  acquire('short', 'its page', false)
  await end()
  t.same(granted.slice(5), ['its page'])
  for (let request = 0; request < 8; request++) await end()
  t.equal(granted.length, 12, 'the other slots go to the only caller')
})

t.test('among callers within their share, started lookups come first', async t => {
  const { granted, acquire, end, settle } = semaphoreOf(2)
  acquire('a', 'a 0')
  acquire('b', 'b 0')
  await settle()
  acquire('c', 'c 0')
  acquire('b', 'b 1', false)
  acquire('a', 'a 1', false)
  await end()
  await end()
  await end()
  t.same(granted, ['a 0', 'b 0', 'a 1', 'b 1', 'c 0'])
})

t.test('a shared lookup runs when any of its callers has a turn', async t => {
  const { semaphore, granted, acquire, end, settle } = semaphoreOf(1)
  const shared = new WaitingCallers('many')
  for (let lookup = 0; lookup < 5; lookup++) acquire('many', `many ${lookup}`)
  acquire(shared, 'shared')
  await settle()
  shared.join('few')
  t.equal(semaphore.countAhead('few'), 1 + 2)
  await end()
  await end()
  t.same(granted, ['many 0', 'many 1', 'shared'])
  for (let request = 0; request < 4; request++) await end()
  t.same(granted.slice(3), ['many 2', 'many 3', 'many 4'], 'once')
  shared.join('late')
  t.equal(semaphore.countAhead('new'), 0)
})

t.test('an aborted request gets no slot and delays no other', async t => {
  const { semaphore, granted, acquire, end, settle } = semaphoreOf(1)
  acquire('a', 'first', false)
  const leaving = new AbortController()
  const left = failureOf(acquire('b', 'left', true, leaving.signal))
  acquire('a', 'staying')
  await settle()
  leaving.abort(new Error('enough'))
  t.match(await left, { message: 'enough' })
  t.match(await failureOf(acquire('b', 'late', true, leaving.signal)), { message: 'enough' })
  t.equal(semaphore.countAhead('b'), 1)
  await end()
  await end()
  t.same(granted, ['first', 'staying'])
  t.equal(semaphore.inUse, 0)
})

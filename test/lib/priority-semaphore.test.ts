import t from 'tap'
import { Places, type Release } from '../../src/lib/priority-semaphore.ts'
import { WaitingCallers } from '../../src/lib/waiting-callers.ts'
import { failureOf } from '../support/failure-of.ts'

const { signal } = new AbortController()

/** Places that tell which requests have got one, in order. */
function placesOf(size: number) {
  const places = new Places(size)
  const given: string[] = []
  const releases = new Map<string, Release>()
  const take = (caller: string | WaitingCallers, name: string, isNew = true, aborted = signal) => {
    const callers = typeof caller === 'string' ? new WaitingCallers(caller) : caller
    return places.take(isNew, callers, aborted).then(release => {
      given.push(name)
      releases.set(name, release)
    })
  }
  const settle = () => new Promise(resolve => setImmediate(resolve))
  /** Ends the request that got its place first. */
  const end = async () => {
    const [[name, release] = ['', () => {}]] = releases
    releases.delete(name)
    release()
    await settle()
  }
  return { places, given, take, end, settle }
}

t.test('a place goes to lookups that have begun, then to the others, in order', async t => {
  const { places, given, take, end, settle } = placesOf(1)
  take('a', 'first')
  take('a', 'new 1')
  take('a', 'new 2')
  take('a', 'begun 1', false)
  take('a', 'begun 2', false)
  await settle()
  t.equal(places.before('a'), 4)
  for (let request = 0; request < 5; request++) {
    t.match(places, { taken: 1, isFull: true })
    await end()
  }
  t.same(given, ['first', 'begun 1', 'begun 2', 'new 1', 'new 2'])
  t.match(places, { taken: 0, isFull: false })
  t.equal(places.before('a'), 0)
})

t.test('callers take turns, however many lookups each of them has', async t => {
  const { places, given, take, end, settle } = placesOf(1)
  for (let lookup = 0; lookup < 700; lookup++) take('many', `many ${lookup}`)
  take('few', 'few 0')
  take('few', 'few 1')
  take('one', 'one 0')
  await settle()
  t.equal(places.before('new'), 3, 'one of each caller')
  t.equal(places.before('few'), 2 + 3 + 1)
  t.equal(places.before('many'), 699 + 2 + 1)
  for (let request = 0; request < 6; request++) await end()
  t.same(given, ['many 0', 'many 1', 'few 0', 'one 0', 'many 2', 'few 1', 'many 3'])
})

t.test(
  'a caller of many places leaves the next one to another, also from begun lookups',
  async t => {
    const { given, take, end, settle } = placesOf(4)
    for (let page = 0; page < 10; page++) take('long', `long ${page}`, false)
    await settle()
    take('short', 'short')
    await end()
    t.same(given.slice(4), ['short'])
    take('short', 'its page', false)
    await end()
    t.same(given.slice(5), ['its page'])
    for (let request = 0; request < 8; request++) await end()
    t.equal(given.length, 12, 'what is left goes to the one who wants it')
  },
)

t.test('among callers within their share lookups that have begun come first', async t => {
  const { given, take, end, settle } = placesOf(2)
  take('a', 'a 0')
  take('b', 'b 0')
  await settle()
  take('c', 'c 0')
  take('b', 'b 1', false)
  take('a', 'a 1', false)
  await end()
  await end()
  await end()
  t.same(given, ['a 0', 'b 0', 'a 1', 'b 1', 'c 0'])
})

t.test('a lookup that several wait for comes at the turn of any of them', async t => {
  const { places, given, take, end, settle } = placesOf(1)
  const shared = new WaitingCallers('many')
  for (let lookup = 0; lookup < 5; lookup++) take('many', `many ${lookup}`)
  take(shared, 'shared')
  await settle()
  shared.join('few')
  t.equal(places.before('few'), 1 + 2)
  await end()
  await end()
  t.same(given, ['many 0', 'many 1', 'shared'])
  for (let request = 0; request < 4; request++) await end()
  t.same(given.slice(3), ['many 2', 'many 3', 'many 4'], 'once')
  shared.join('late')
  t.equal(places.before('new'), 0)
})

t.test('who is aborted while waiting takes no place and holds none up', async t => {
  const { places, given, take, end, settle } = placesOf(1)
  take('a', 'first', false)
  const leaving = new AbortController()
  const left = failureOf(take('b', 'left', true, leaving.signal))
  take('a', 'staying')
  await settle()
  leaving.abort(new Error('enough'))
  t.match(await left, { message: 'enough' })
  t.match(await failureOf(take('b', 'late', true, leaving.signal)), { message: 'enough' })
  t.equal(places.before('b'), 1)
  await end()
  await end()
  t.same(given, ['first', 'staying'])
  t.equal(places.taken, 0)
})

import t from 'tap'
import { Places } from '../../src/spotify/places.ts'
import { failureOf } from '../support/failure-of.ts'

const signal = new AbortController().signal

t.test('a place goes to lookups that have begun, then to the others, in order', async t => {
  const places = new Places(1)
  await places.take(true, signal)
  const order: string[] = []
  const waiting = [
    places.take(true, signal).then(() => order.push('new 1')),
    places.take(true, signal).then(() => order.push('new 2')),
    places.take(false, signal).then(() => order.push('begun 1')),
    places.take(false, signal).then(() => order.push('begun 2')),
  ]
  t.equal(places.waiting, 4)
  for (const place of [2, 3, 0, 1]) {
    places.release()
    await waiting[place]
  }
  t.same(order, ['begun 1', 'begun 2', 'new 1', 'new 2'])
  t.match(places, { taken: 1, waiting: 0, isFull: true })
  places.release()
  t.match(places, { taken: 0, isFull: false })
})

t.test('who is aborted while waiting takes no place and holds none up', async t => {
  const places = new Places(1)
  await places.take(false, signal)
  const leaving = new AbortController()
  const left = failureOf(places.take(true, leaving.signal))
  const staying = places.take(true, signal)
  leaving.abort(new Error('enough'))
  t.match(await left, { message: 'enough' })
  t.match(await failureOf(places.take(true, leaving.signal)), { message: 'enough' })
  t.equal(places.waiting, 1)
  places.release()
  await staying
  places.release()
  t.equal(places.taken, 0)
})

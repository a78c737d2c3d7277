import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import {
  COUNT_REQUESTS,
  type CountMessage,
  type CountReply,
  mostInBucket,
} from '../../src/redis/quota-script.ts'
import { startEngine, withoutEngine } from '../support/valkey.ts'

const skip = { skip: withoutEngine }
const KEY = 'playlist-proxy:requests:app'
const BUCKET_MS = 300_000
const ONE = randomUUID()

/** Sends the script straight to Redis. */
async function redis(t: Test) {
  const { client } = await startEngine(t)
  const ask = async (message: Partial<CountMessage> = {}): Promise<CountReply | undefined> => {
    const defaults = { replica: ONE, seen: 0, own: [], mostBefore: [], mostInBucket: 1000 }
    const text = JSON.stringify({ ...defaults, ...message })
    const reply = await client.eval(COUNT_REQUESTS, 1, KEY, text)
    return reply === null ? undefined : JSON.parse(String(reply))
  }
  const now = Number((await ask({ replica: randomUUID() }))?.now)
  await client.del(KEY)
  /** What another replica sees. */
  const total = async () => {
    const others = Object.values((await ask({ replica: randomUUID() }))?.others ?? {})
    return others.reduce((sum, count) => sum + count, 0)
  }
  return { client, ask, total, now, current: Math.floor(now / BUCKET_MS) }
}

t.test('each request is granted as far as it may, in order', skip, async t => {
  const { ask, total, current } = await redis(t)
  t.strictSame((await ask({ mostBefore: [1, 0, 1, 2, 1] }))?.taken, [
    true,
    false,
    true,
    true,
    false,
  ])
  t.equal(await total(), 3)
  const own = [[current, 3]] as const
  t.strictSame((await ask({ own, mostBefore: [2] }))?.taken, [false])
  t.equal(await total(), 3)
})

t.test('a message replaces what Redis counted for its replica', skip, async t => {
  const { ask, total, current } = await redis(t)
  await ask({ mostBefore: [9, 9] })
  await ask({ own: [[current, 1]] })
  await ask({ own: [[current, 1]] })
  t.equal(await total(), 1)
  await ask({ own: [] })
  t.equal(await total(), 0)
})

t.test('a replica whose clock is ahead counts its requests now', skip, async t => {
  const { ask, client, current } = await redis(t)
  const own = [
    [current + 24, 5],
    [current + 25, 1],
  ] as const
  await ask({ own })
  t.equal(await client.hget(KEY, `${current}:${ONE}`), '6')
})

t.test('what is older than the window counts no more', skip, async t => {
  const { ask, client, current } = await redis(t)
  await client.hset(KEY, { [`${current - 288}:${randomUUID()}`]: 2, [`${current - 289}:a`]: 4 })
  t.match(await ask({ mostBefore: [1] }), { taken: [false] })
  t.match(await ask({ mostBefore: [2] }), { taken: [true] })
})

t.test('Redis does not reply once it has forgotten a replica', skip, async t => {
  const { ask, client, total, current } = await redis(t)
  const other = `${current}:${randomUUID()}`
  await client.hset(KEY, other, 7)
  const first = await ask()
  t.match(first, { replicas: 1, heard: first?.now })
  t.strictSame(first?.others, { [other]: 7 })
  await client.del(KEY)
  const message = { seen: Number(first?.now), own: [[current, 1]] as const }
  t.equal(await ask(message), undefined)
  t.equal(await client.exists(KEY), 0)
  const known = { ...first?.others, '1:a': 5 }
  t.strictSame((await ask({ ...message, known }))?.others, { [other]: 7 })
  t.equal(await total(), 8)
})

t.test('of what Redis has and what a replica knows the larger count stays', skip, async t => {
  const { ask, client, now, current } = await redis(t)
  const [a, b] = [`${current}:${randomUUID()}`, `${current}:${randomUUID()}`]
  await client.hset(KEY, { [a]: 7, [b]: 2, [`replica:${ONE}`]: `${now - 1} 0` })
  const known = { [a]: 5, [b]: 3 }
  t.match(await ask({ seen: now, known }), { others: { [a]: 7, [b]: 3 } })
  t.equal(await client.hget(KEY, b), '3')
})

t.test('replicas are those that have sent something lately', skip, async t => {
  const { ask, client, now } = await redis(t)
  const [here, gone, ahead] = [randomUUID(), randomUUID(), randomUUID()]
  await client.hset(KEY, {
    [`replica:${here}`]: `${now} ${now - 5000}`,
    [`replica:${gone}`]: `${now - 15_000} ${now - 20_000}`,
    [`replica:${ahead}`]: `${now + 7_200_000} 0`,
  })
  t.match(await ask(), { replicas: 2, heard: now - 5000 })
  t.strictSame(
    (await client.hkeys(KEY)).toSorted(),
    [`replica:${here}`, `replica:${ONE}`].toSorted(),
  )
})

t.test('no replica counts many times the limit in a bucket', async t => {
  t.equal(mostInBucket(10), 100)
  t.equal(mostInBucket(undefined), 1_000_000)
  t.equal(mostInBucket(1_000_000), 1_000_000)
})

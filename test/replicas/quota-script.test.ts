import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import {
  COUNT_REQUESTS,
  type QuotaReply,
  type QuotaRequest,
} from '../../src/replicas/quota-script.ts'
import { startRedis, withoutRedis } from '../support/valkey.ts'

const skip = { skip: withoutRedis }
const KEY = 'playlist-proxy:request-counts:app'
const BUCKET_MS = 300_000
const ONE = randomUUID()

/** Runs the script without a replica. */
async function redis(t: Test) {
  const { client } = await startRedis(t)
  const ask = async (request: Partial<QuotaRequest> = {}): Promise<QuotaReply | undefined> => {
    const defaults = { replica: ONE, lastReplyAt: 0, own: [], mostBefore: [] }
    const text = JSON.stringify({ ...defaults, ...request })
    const reply = await client.eval(COUNT_REQUESTS, 1, KEY, text)
    return reply === null ? undefined : JSON.parse(String(reply))
  }
  const now = Number((await ask({ replica: randomUUID() }))?.now)
  await client.del(KEY)
  /** Returns the count another replica gets. */
  const total = async () => {
    const others = Object.values((await ask({ replica: randomUUID() }))?.others ?? {})
    return others.reduce((sum, count) => sum + count, 0)
  }
  return { client, ask, total, now, current: Math.floor(now / BUCKET_MS) }
}

t.test('the quota script grants requests in order, each up to its own total', skip, async t => {
  const { ask, total, current } = await redis(t)
  t.strictSame((await ask({ mostBefore: [1, 0, 1, 2, 1] }))?.granted, [
    true,
    false,
    true,
    true,
    false,
  ])
  t.equal(await total(), 3)
  const own = [[current, 3]] as const
  t.strictSame((await ask({ own, mostBefore: [2] }))?.granted, [false])
  t.equal(await total(), 3)
})

t.test("a message replaces the replica's request counts", skip, async t => {
  const { ask, total, current } = await redis(t)
  await ask({ mostBefore: [9, 9] })
  await ask({ own: [[current, 1]] })
  await ask({ own: [[current, 1]] })
  t.equal(await total(), 1)
  await ask({ own: [] })
  t.equal(await total(), 0)
})

t.test('requests from a replica with a clock ahead count as current', skip, async t => {
  const { ask, client, current } = await redis(t)
  const own = [
    [current + 24, 5],
    [current + 25, 1],
  ] as const
  await ask({ own })
  t.equal(await client.hget(KEY, `${current}:${ONE}`), '6')
})

t.test('the quota script does not count requests older than the window', skip, async t => {
  const { ask, client, current } = await redis(t)
  await client.hset(KEY, { [`${current - 288}:${randomUUID()}`]: 2, [`${current - 289}:a`]: 4 })
  t.match(await ask({ mostBefore: [1] }), { granted: [false] })
  t.match(await ask({ mostBefore: [2] }), { granted: [true] })
})

t.test("the quota script replies nil after Redis loses the replica's data", skip, async t => {
  const { ask, client, total, current } = await redis(t)
  const other = `${current}:${randomUUID()}`
  await client.hset(KEY, other, 7)
  const first = await ask()
  t.match(first, { replicas: 1, seenByAll: first?.now })
  t.strictSame(first?.others, { [other]: 7 })
  await client.del(KEY)
  const message = { lastReplyAt: Number(first?.now), own: [[current, 1]] as const }
  t.equal(await ask(message), undefined)
  t.equal(await client.exists(KEY), 0)
  const known = { ...first?.others, '1:a': 5 }
  t.strictSame((await ask({ ...message, known }))?.others, { [other]: 7 })
  t.equal(await total(), 8)
})

t.test('Redis keeps the larger of its own count and the restored count', skip, async t => {
  const { ask, client, now, current } = await redis(t)
  const [a, b] = [`${current}:${randomUUID()}`, `${current}:${randomUUID()}`]
  await client.hset(KEY, { [a]: 7, [b]: 2, [`replica:${ONE}`]: `${now - 1} 0` })
  const known = { [a]: 5, [b]: 3 }
  t.match(await ask({ lastReplyAt: now, known }), { others: { [a]: 7, [b]: 3 } })
  t.equal(await client.hget(KEY, b), '3')
})

t.test('a replica counts as present for 15 seconds after its last message', skip, async t => {
  const { ask, client, now } = await redis(t)
  const [present, stopped, ahead] = [randomUUID(), randomUUID(), randomUUID()]
  await client.hset(KEY, {
    [`replica:${present}`]: `${now} ${now - 5000}`,
    [`replica:${stopped}`]: `${now - 15_000} ${now - 20_000}`,
    [`replica:${ahead}`]: `${now + 7_200_000} 0`,
  })
  t.match(await ask(), { replicas: 2, seenByAll: now - 5000 })
  t.strictSame(
    (await client.hkeys(KEY)).toSorted(),
    [`replica:${present}`, `replica:${ONE}`].toSorted(),
  )
})

t.test(
  "requests from other replicas count in full, even above a replica's limit",
  skip,
  async t => {
    const { ask, client, current } = await redis(t)
    await client.hset(KEY, `${current}:${randomUUID()}`, 1500)
    t.match(await ask({ mostBefore: [99] }), { granted: [false] })
  },
)

t.test('the quota script removes fields with overlong names or values', skip, async t => {
  const { ask, client, current } = await redis(t)
  await client.hset(KEY, {
    [`${current}:${'a'.repeat(1000)}`]: 1,
    [`${current}:${randomUUID()}`]: '1'.repeat(1000),
    [`replica:${'a'.repeat(1000)}`]: `${current} 0`,
  })
  t.match(await ask(), { replicas: 1, others: {} })
  t.strictSame(await client.hkeys(KEY), [`replica:${ONE}`])
})

t.test('a request count with more fields than replicas can write counts as lost', skip, async t => {
  const { ask, client, now, current } = await redis(t)
  const forged = Array.from({ length: 50_001 }, (_, nth) => [`${current}:${nth}`, '1'])
  await client.hset(KEY, ...forged.flat())
  t.equal(await ask({ lastReplyAt: now }), undefined, 'so the replica restores what it knows')
  t.equal(await client.exists(KEY), 0)
})

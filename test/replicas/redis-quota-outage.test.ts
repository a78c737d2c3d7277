import t, { type Test } from 'tap'
import type { RedisConnection } from '../../src/replicas/connection.ts'
import { RedisQuota } from '../../src/replicas/redis-quota.ts'
import { failureOf } from '../support/failure-of.ts'
import { connectTo } from '../support/shared.ts'
import { eventually, startRedis, withoutRedis } from '../support/valkey.ts'

const skip = { skip: withoutRedis }
const KEY = 'playlist-proxy:request-counts:app'

/** A replica that loses messages or replies while the test asks for it. */
async function replica(t: Pick<Test, 'teardown'>, url: string, limit?: number) {
  const { connection, clock } = await connectTo(t, url)
  const path: { loses: 'nothing' | 'messages' | 'replies' } = { loses: 'nothing' }
  const run: RedisConnection['run'] = async (...command) => {
    if (path.loses === 'messages') throw new Error('lost')
    const reply = await connection.run(...command)
    if (path.loses === 'replies') throw new Error('lost')
    return reply
  }
  const degraded: (() => void)[] = []
  const onDegraded: RedisConnection['onDegraded'] = listener => {
    degraded.push(listener)
  }
  const budget = new RedisQuota({ connection: { run, onDegraded }, app: 'app', limit, clock })
  await budget.start()
  t.teardown(() => budget.close())
  const reserve = async (times = 1) => {
    const all = Array.from({ length: times }, async () => budget.reserve(false))
    const settled = await Promise.allSettled(all)
    return settled.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  }
  /** Sends the final count, and resolves with the count for a new replica. */
  const counted = async () => {
    await budget.close()
    const other = new RedisQuota({ connection, app: 'app', limit, clock })
    await other.start()
    t.teardown(() => other.close())
    return other.spent
  }
  /** Calls the listeners, as the connection does when any command fails. */
  const degrade = () => {
    for (const listener of degraded) listener()
  }
  /** Commands in flight time out when the clock advances, which can lose the connection. */
  const advance = async (ms: number) => {
    await clock.advance(ms)
    await eventually(
      () => connection.state === 'connected',
      () => clock.advance(100),
    )
  }
  return { path, clock, budget, reserve, counted, degrade, advance }
}

/** Syncs until all replicas know all counts. */
async function sync(...replicas: Awaited<ReturnType<typeof replica>>[]) {
  for (const { budget } of [...replicas, ...replicas, ...replicas]) {
    await budget.close()
    const sentMs = Date.now()
    // Redis orders messages by the millisecond.
    await eventually(() => Date.now() > sentMs)
  }
}

t.test('a request is counted once, even if the message or its reply is lost', skip, async t => {
  for (const loses of ['messages', 'replies'] as const) {
    for (const limit of [10, undefined]) {
      const { url } = await startRedis(t)
      const { path, budget, reserve, counted } = await replica(t, url, limit)
      await reserve(2)
      path.loses = loses
      t.equal((await reserve(3)).length, 3)
      t.equal((await reserve()).length, 1)
      t.equal(budget.spent, 6)
      path.loses = 'nothing'
      t.equal(await counted(), 6, `${loses}, limit ${limit}`)
      t.equal(budget.spent, 6)
    }
  }
})

t.test('a refund counts once, even if the message or its reply is lost', skip, async t => {
  for (const loses of ['messages', 'replies'] as const) {
    const { url } = await startRedis(t)
    const { path, budget, reserve, counted } = await replica(t, url, 10)
    const [refund] = await reserve(4)
    path.loses = loses
    refund?.()
    const [second] = await reserve()
    second?.()
    path.loses = 'nothing'
    t.equal(await counted(), 3, loses)
    t.equal(budget.spent, 3)
  }
})

t.test(
  'a request counted by Redis but refused by the replica does not stay counted',
  skip,
  async t => {
    const { url } = await startRedis(t)
    const one = await replica(t, url, 10)
    const other = await replica(t, url, 10)
    await one.reserve(6)
    await other.reserve()
    await sync(one, other)
    one.path.loses = 'replies'
    t.equal((await one.reserve(3)).length, 1, 'the local share of the three that are left')
    one.path.loses = 'nothing'
    t.equal(await one.counted(), 8)
  },
)

t.test('replicas unable to reach Redis divide the remaining budget', skip, async t => {
  const { url } = await startRedis(t)
  const one = await replica(t, url, 20)
  const other = await replica(t, url, 20)
  await one.reserve(5)
  await other.reserve(1)
  await sync(one, other)
  one.path.loses = 'messages'
  other.path.loses = 'messages'
  t.equal((await one.reserve(20)).length, 7)
  t.equal((await other.reserve(20)).length, 7)
  const refused = await failureOf(Promise.resolve(one.budget.reserve(false)))
  t.match(refused, { type: 'quota-budget-spent', message: /cannot share their request count/ })
  t.equal((refused as { retryAt?: number }).retryAt, one.clock.now() + 60_000)
  one.path.loses = 'nothing'
  t.equal((await one.reserve(20)).length, 0, 'the other has not synced again')
  other.path.loses = 'nothing'
  t.equal(await other.counted(), 20)
})

t.test(
  'a replica deducts grants other replicas might not know about from its share',
  skip,
  async t => {
    const { url } = await startRedis(t)
    const one = await replica(t, url, 20)
    const other = await replica(t, url, 20)
    await sync(one, other)
    await one.reserve(8)
    one.path.loses = 'messages'
    other.path.loses = 'messages'
    t.equal((await other.reserve(20)).length, 10)
    t.equal((await one.reserve(20)).length, 2)
  },
)

t.test('replicas restore counts lost by Redis', skip, async t => {
  const { url, client } = await startRedis(t)
  const one = await replica(t, url, 10)
  const other = await replica(t, url, 10)
  await one.reserve(10)
  await client.del(KEY)
  await other.counted()
  t.equal((await one.reserve(5)).length, 0)
  t.equal(await other.counted(), 10)
  t.equal((await other.reserve(5)).length, 0)
})

t.test(
  'after an outage, a replica only spends its share until all replicas have synced',
  skip,
  async t => {
    const { url, client } = await startRedis(t)
    const one = await replica(t, url, 20)
    await replica(t, url, 20)
    await one.counted()
    await client.del(KEY)
    t.equal((await one.reserve(20)).length, 10, 'half, since Redis has lost the other replica')
    let granted = 10
    const spendRest = async () => {
      granted += (await one.reserve(20)).length
      return granted === 20
    }
    await eventually(spendRest, () => one.advance(15_000))
  },
)

t.test('replicas correct counts in a Redis restored from a backup', skip, async t => {
  const { url, client } = await startRedis(t)
  const one = await replica(t, url, 20)
  await one.reserve(4)
  const before = (await client.dumpBuffer(KEY)) as Buffer
  await one.reserve(4)
  await one.reserve(12)
  await client.restore(KEY, 0, before, 'REPLACE')
  t.equal((await one.reserve()).length, 0)
  t.equal(await one.counted(), 20)
})

t.test('the quota refuses a list larger than the local share', skip, async t => {
  const { url } = await startRedis(t)
  const one = await replica(t, url, 10)
  const other = await replica(t, url, 10)
  await one.reserve(2)
  await sync(one, other)
  const check = (left: number, whole = left) => one.budget.check({ left, whole }, false)
  t.doesNotThrow(() => check(6), 'the replicas share the count')
  one.path.loses = 'messages'
  t.equal((await one.reserve()).length, 1)
  t.doesNotThrow(() => check(3))
  t.throws(() => check(4), { message: /cannot share their request count/, originStatus: undefined })
  t.throws(() => check(4, 5), { message: /cannot share their request count/, originStatus: 200 })
  one.path.loses = 'nothing'
  await one.counted()
  t.throws(() => check(4), { message: /cannot share their request count/ })
  await one.advance(15_000)
  t.doesNotThrow(() => check(6))
})

t.test(
  'a replica that sent nothing during an outage only spends its share afterwards',
  skip,
  async t => {
    const { url } = await startRedis(t)
    const [one, other] = [await replica(t, url, 100), await replica(t, url, 100)]
    await sync(one, other)
    other.path.loses = 'messages'
    other.degrade()
    const spent = (await other.reserve(200)).length
    one.path.loses = 'messages'
    one.degrade()
    await new Promise(resolve => setImmediate(resolve))
    one.path.loses = 'nothing'
    t.ok(spent + (await one.reserve(200)).length <= 100)
  },
)

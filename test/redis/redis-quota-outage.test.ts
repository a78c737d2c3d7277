import t, { type Test } from 'tap'
import type { SharedConnection } from '../../src/redis/redis.ts'
import { SharedBudget } from '../../src/redis/redis-quota.ts'
import { failureOf } from '../support/failure-of.ts'
import { connectTo } from '../support/shared.ts'
import { eventually, startEngine, withoutEngine } from '../support/valkey.ts'

const skip = { skip: withoutEngine }
const KEY = 'playlist-proxy:requests:app'

/** A replica whose messages are lost on their way, or the answers to them, while the test says so. */
async function replica(t: Pick<Test, 'teardown'>, url: string, limit?: number) {
  const { connection, clock } = await connectTo(t, url)
  const path: { loses: 'nothing' | 'messages' | 'answers' } = { loses: 'nothing' }
  const run: SharedConnection['run'] = async (...command) => {
    if (path.loses === 'messages') throw new Error('lost')
    const answer = await connection.run(...command)
    if (path.loses === 'answers') throw new Error('lost')
    return answer
  }
  const budget = new SharedBudget({ connection: { run }, app: 'app', limit, clock })
  await budget.start()
  t.teardown(() => budget.close())
  const reserve = async (times = 1) => {
    const all = Array.from({ length: times }, async () => budget.reserve(false))
    const settled = await Promise.allSettled(all)
    return settled.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  }
  /** What a replica is told that comes anew, once this one has told all. */
  const counted = async () => {
    await budget.close()
    const other = new SharedBudget({ connection, app: 'app', limit, clock })
    await other.start()
    t.teardown(() => other.close())
    return other.spent
  }
  return { path, clock, budget, reserve, counted }
}

/** Each learns what the others know, and knows that they know. */
async function hear(...replicas: Awaited<ReturnType<typeof replica>>[]) {
  for (const { budget } of [...replicas, ...replicas, ...replicas]) {
    await budget.close()
    const sentMs = Date.now()
    // Redis orders messages by the millisecond.
    await eventually(() => Date.now() > sentMs)
  }
}

t.test('a request is counted once, even if the message or its reply is lost', skip, async t => {
  for (const loses of ['messages', 'answers'] as const) {
    for (const limit of [10, undefined]) {
      const { url } = await startEngine(t)
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
  for (const loses of ['messages', 'answers'] as const) {
    const { url } = await startEngine(t)
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

t.test('a request that is refused here and counted there does not stay counted', skip, async t => {
  const { url } = await startEngine(t)
  const one = await replica(t, url, 10)
  const other = await replica(t, url, 10)
  await one.reserve(6)
  await other.reserve()
  await hear(one, other)
  one.path.loses = 'answers'
  t.equal((await one.reserve(3)).length, 1, 'its share of the three that are left')
  one.path.loses = 'nothing'
  t.equal(await one.counted(), 8)
})

t.test('replicas that cannot reach the count divide what is left', skip, async t => {
  const { url } = await startEngine(t)
  const one = await replica(t, url, 20)
  const other = await replica(t, url, 20)
  await one.reserve(5)
  await other.reserve(1)
  await hear(one, other)
  one.path.loses = 'messages'
  other.path.loses = 'messages'
  t.equal((await one.reserve(20)).length, 7)
  t.equal((await other.reserve(20)).length, 7)
  const refused = await failureOf(Promise.resolve(one.budget.reserve(false)))
  t.match(refused, { type: 'quota-budget-spent', message: /cannot share their request count/ })
  t.equal((refused as { retryAt?: number }).retryAt, one.clock.now() + 60_000)
  one.path.loses = 'nothing'
  t.equal((await one.reserve(20)).length, 0, 'the other has not been heard again')
  other.path.loses = 'nothing'
  t.equal(await other.counted(), 20)
})

t.test('a replica charges its share for what the others may not know', skip, async t => {
  const { url } = await startEngine(t)
  const one = await replica(t, url, 20)
  const other = await replica(t, url, 20)
  await hear(one, other)
  await one.reserve(8)
  one.path.loses = 'messages'
  other.path.loses = 'messages'
  t.equal((await other.reserve(20)).length, 10)
  t.equal((await one.reserve(20)).length, 2)
})

t.test('replicas bring back what Redis forgets', skip, async t => {
  const { url, client } = await startEngine(t)
  const one = await replica(t, url, 10)
  const other = await replica(t, url, 10)
  await one.reserve(10)
  await client.del(KEY)
  await other.counted()
  t.equal((await one.reserve(5)).length, 0)
  t.equal(await other.counted(), 10)
  t.equal((await other.reserve(5)).length, 0)
})

t.test('a replica spends no more than its share until all have been heard again', skip, async t => {
  const { url, client } = await startEngine(t)
  const one = await replica(t, url, 20)
  await replica(t, url, 20)
  await one.counted()
  await client.del(KEY)
  t.equal((await one.reserve(20)).length, 10, 'half, since Redis has forgotten the other')
  await one.clock.advance(15_000)
  t.equal((await one.reserve(20)).length, 10)
})

t.test('a Redis that was set back is brought up to date', skip, async t => {
  const { url, client } = await startEngine(t)
  const one = await replica(t, url, 20)
  await one.reserve(4)
  const before = (await client.dumpBuffer(KEY)) as Buffer
  await one.reserve(4)
  await one.reserve(12)
  await client.restore(KEY, 0, before, 'REPLACE')
  t.equal((await one.reserve()).length, 0)
  t.equal(await one.counted(), 20)
})

t.test('a list that takes more than the share of a replica is not begun', skip, async t => {
  const { url } = await startEngine(t)
  const one = await replica(t, url, 10)
  const other = await replica(t, url, 10)
  await one.reserve(2)
  await hear(one, other)
  const check = (left: number, whole = left) => one.budget.check({ left, whole }, false)
  t.doesNotThrow(() => check(6), 'there is one count')
  one.path.loses = 'messages'
  t.equal((await one.reserve()).length, 1)
  t.doesNotThrow(() => check(3))
  t.throws(() => check(4), { message: /cannot share their request count/, originStatus: undefined })
  t.throws(() => check(4, 5), { message: /cannot share their request count/, originStatus: 200 })
  one.path.loses = 'nothing'
  await one.counted()
  t.throws(() => check(4), { message: /cannot share their request count/ })
  await one.clock.advance(15_000)
  t.doesNotThrow(() => check(6))
})

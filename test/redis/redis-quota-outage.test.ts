import t, { type Test } from 'tap'
import type { SharedConnection } from '../../src/redis/redis.ts'
import { SharedBudget } from '../../src/redis/redis-quota.ts'
import { failureOf } from '../support/failure-of.ts'
import { connectTo } from '../support/shared.ts'
import { startEngine, withoutEngine } from '../support/valkey.ts'

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
  const take = async (times = 1) => {
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
  return { path, clock, budget, take, counted }
}

t.test(
  'a request is counted once, whatever becomes of the message or of its answer',
  { skip: withoutEngine },
  async t => {
    for (const loses of ['messages', 'answers'] as const) {
      for (const limit of [10, undefined]) {
        const { url } = await startEngine(t)
        const { path, budget, take, counted } = await replica(t, url, limit)
        await take(2)
        path.loses = loses
        t.equal((await take(3)).length, 3)
        t.equal((await take()).length, 1)
        t.equal(budget.spent, 6)
        path.loses = 'nothing'
        t.equal(await counted(), 6, `${loses}, limit ${limit}`)
        t.equal(budget.spent, 6)
      }
    }
  },
)

t.test(
  'what is given back is given back once, whatever becomes of the message or of its answer',
  { skip: withoutEngine },
  async t => {
    for (const loses of ['messages', 'answers'] as const) {
      const { url } = await startEngine(t)
      const { path, budget, take, counted } = await replica(t, url, 10)
      const [refund] = await take(4)
      path.loses = loses
      refund?.()
      const [second] = await take()
      second?.()
      path.loses = 'nothing'
      t.equal(await counted(), 3, loses)
      t.equal(budget.spent, 3)
    }
  },
)

t.test(
  'a request that was refused here and counted there is not counted in the end',
  { skip: withoutEngine },
  async t => {
    const { url } = await startEngine(t)
    const one = await replica(t, url, 10)
    const other = await replica(t, url, 10)
    await one.take(6)
    await other.take()
    await one.counted()
    one.path.loses = 'answers'
    t.equal((await one.take(3)).length, 1, 'its share of the three that are left')
    one.path.loses = 'nothing'
    t.equal(await one.counted(), 8)
  },
)

t.test(
  'replicas that cannot reach the count divide what is left',
  { skip: withoutEngine },
  async t => {
    const { url } = await startEngine(t)
    const one = await replica(t, url, 20)
    const other = await replica(t, url, 20)
    await one.take(5)
    await other.take(1)
    await one.counted()
    one.path.loses = 'messages'
    other.path.loses = 'messages'
    t.equal((await one.take(20)).length, 7)
    t.equal((await other.take(20)).length, 7)
    const refused = await failureOf(Promise.resolve(one.budget.reserve(false)))
    t.match(refused, { type: 'quota-budget-spent', message: /cannot be counted at the moment/ })
    t.equal((refused as { retryAt?: number }).retryAt, one.clock.now() + 60_000)
    one.path.loses = 'nothing'
    t.equal((await one.take(20)).length, 7, 'the engine counts what it knows')
    other.path.loses = 'nothing'
    t.equal(await other.counted(), 27)
  },
)

t.test(
  'what the engine forgets the replicas bring back, whoever comes first',
  { skip: withoutEngine },
  async t => {
    const { url, client } = await startEngine(t)
    const one = await replica(t, url, 10)
    const other = await replica(t, url, 10)
    await one.take(10)
    await client.del(KEY)
    await other.counted()
    t.equal((await one.take(5)).length, 0)
    t.equal(await other.counted(), 10)
    t.equal((await other.take(5)).length, 0)
  },
)

t.test(
  'after that a replica still knows that it is not alone',
  { skip: withoutEngine },
  async t => {
    const { url, client } = await startEngine(t)
    const one = await replica(t, url, 20)
    await replica(t, url, 20)
    await one.counted()
    await client.del(KEY)
    await one.take()
    await one.take()
    one.path.loses = 'messages'
    t.equal((await one.take(20)).length, 9)
    one.path.loses = 'nothing'
    t.equal(await one.counted(), 11)
    one.path.loses = 'messages'
    t.equal((await one.take(20)).length, 4, 'half of the nine that are left')
  },
)

t.test(
  'an engine that comes back with what it knew before is told the rest',
  { skip: withoutEngine },
  async t => {
    const { url, client } = await startEngine(t)
    const one = await replica(t, url, 20)
    await one.take(4)
    const before = (await client.dumpBuffer(KEY)) as Buffer
    await one.take(4)
    await one.take(12)
    await client.restore(KEY, 0, before, 'REPLACE')
    t.equal((await one.take()).length, 0)
    t.equal(await one.counted(), 20)
  },
)

t.test(
  'a list that takes more than the share of a replica on its own is not begun',
  { skip: withoutEngine },
  async t => {
    const { url } = await startEngine(t)
    const one = await replica(t, url, 10)
    await replica(t, url, 10)
    await one.take(2)
    await one.counted()
    const check = (left: number, whole = left) => one.budget.check({ left, whole }, false)
    t.doesNotThrow(() => check(6), 'there is one count')
    one.path.loses = 'messages'
    t.equal((await one.take()).length, 1)
    t.doesNotThrow(() => check(3))
    t.throws(() => check(4), { message: /cannot be counted/, originStatus: undefined })
    t.throws(() => check(4, 5), { message: /cannot be counted/, originStatus: 200 })
    one.path.loses = 'nothing'
    await one.counted()
    t.doesNotThrow(() => check(6))
  },
)

import t, { type Test } from 'tap'
import { RedisQuota } from '../../src/replicas/redis-quota.ts'
import { failureOf } from '../support/failure-of.ts'
import { connectTo } from '../support/shared.ts'
import { startOwnRedis, startRedis, withoutOwnRedis, withoutRedis } from '../support/valkey.ts'

const KEY = 'playlist-proxy:request-counts:app'

/** A replica whose quota is in the Redis at this URL. */
async function replica(t: Pick<Test, 'teardown'>, url: string, limit: number | undefined) {
  const connected = await connectTo(t, url)
  const { connection, clock } = connected
  const budget = new RedisQuota({ connection, app: 'app', limit, clock })
  await budget.start()
  t.teardown(() => budget.close())
  return { ...connected, budget }
}

const granted = async (work: Promise<unknown>[]) =>
  (await Promise.allSettled(work)).filter(({ status }) => status === 'fulfilled').length

t.test(
  'under a flood all replicas together send exactly the limit',
  { skip: withoutRedis },
  async t => {
    const { url } = await startRedis(t)
    const one = await replica(t, url, 100)
    const other = await replica(t, url, 100)
    const reserve = (budget: RedisQuota) => Promise.resolve(budget.reserve(false))
    const flood = Array.from({ length: 150 }, () => [
      reserve(one.budget),
      reserve(other.budget),
    ]).flat()
    t.equal(await granted(flood), 100)
    t.equal(one.budget.spent, 100)
    const refused = await failureOf(reserve(other.budget))
    t.match(refused, { type: 'quota-budget-spent' })
    const waitMs = Number((refused as { retryAt?: number }).retryAt) - other.clock.now()
    t.ok(waitMs > 86_400_000 - 300_000 && waitMs <= 86_700_000, `${waitMs} ms`)
    const next = await replica(t, url, 100)
    t.equal(next.budget.spent, 100, 'a new replica gets the count')
    t.match(await failureOf(reserve(next.budget)), { type: 'quota-budget-spent' })
  },
)

t.test(
  'background revalidations stop at 80 %, and an unsent request is refunded',
  { skip: withoutRedis },
  async t => {
    const { url } = await startRedis(t)
    const { budget, wait } = await replica(t, url, 10)
    for (let sent = 0; sent < 7; sent++) await budget.reserve(false)
    const refund = await budget.reserve(true)
    t.match(await failureOf(Promise.resolve(budget.reserve(true))), { type: 'quota-budget-spent' })
    refund()
    t.equal(budget.spent, 7)
    await wait(async () => (await replica(t, url, 10)).budget.spent === 7)
  },
)

t.test(
  'without a limit, a replica counts each request immediately',
  { skip: withoutRedis },
  async t => {
    const { url } = await startRedis(t)
    const { budget, wait } = await replica(t, url, undefined)
    for (let sent = 0; sent < 50; sent++) budget.reserve(false)
    t.equal(budget.spent, 50)
    await wait(async () => (await replica(t, url, undefined)).budget.spent === 50)
    t.equal(budget.spent, 50)
  },
)

t.test(
  'the request count survives when Redis restarts empty',
  { skip: withoutOwnRedis },
  async t => {
    const server = await startOwnRedis(t)
    const { budget, connection, wait } = await replica(t, server.url, 10)
    for (let sent = 0; sent < 6; sent++) await budget.reserve(false)
    await server.kill()
    await wait(() => connection.state === 'degraded')
    const more = Array.from({ length: 6 }, async () => budget.reserve(false))
    t.equal(await granted(more), 4, 'the limit is kept')
    t.match(await failureOf(Promise.resolve(budget.reserve(false))), { type: 'quota-budget-spent' })
    t.equal(budget.spent, 10)
    await server.restart()
    await wait(() => connection.state === 'connected')
    await wait(async () => (await server.client.exists(KEY)) === 1)
    t.equal(budget.spent, 10)
    t.equal((await replica(t, server.url, 10)).budget.spent, 10)
    await server.client.flushall()
    t.match(await failureOf(Promise.resolve(budget.reserve(false))), { type: 'quota-budget-spent' })
  },
)

t.test('malformed fields in the request count are removed', { skip: withoutRedis }, async t => {
  const { url, client } = await startRedis(t)
  await client.lpush(KEY, 'rubbish')
  const { budget } = await replica(t, url, 10)
  await budget.reserve(false)
  await client.hset(KEY, { x: '1', '1': '99', '99999999999': '5', '6000000': 'many' })
  const bucket = Math.floor(Date.now() / 300_000) - 1
  await client.hset(KEY, { [bucket]: 'inf', [bucket - 1]: '1e300', [bucket - 2]: '1.5' })
  await client.hset(KEY, { [`${bucket}.5:a`]: '5', [`0x${bucket.toString(16)}:a`]: '5' })
  await client.hset(KEY, { [`${bucket}:a`]: '1e3', [`${bucket}:b`]: '-1', [`${bucket}:x`]: '5' })
  await client.hset(KEY, { 'replica:': '', 'replica:a': '1', 'replica:b': 'many 1' })
  await budget.reserve(false)
  t.equal(budget.spent, 2)
  t.match((await client.hkeys(KEY)).toSorted(), [/^\d+:.{36}$/, /^replica:.{36}$/])
  t.ok((await client.pttl(KEY)) > 86_400_000)
})

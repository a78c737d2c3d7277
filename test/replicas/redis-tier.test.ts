import t from 'tap'
import { Problem } from '../../src/problems/problem.ts'
import { expectKind, response, sharedTierContract } from '../cache/shared-tier-contract.ts'
import { tierAt } from '../support/shared.ts'
import { startRedis, withoutRedis } from '../support/valkey.ts'

t.test('the shared Redis tier passes the shared tier tests', { skip: withoutRedis }, async t => {
  sharedTierContract(t, async t => {
    const { url } = await startRedis(t)
    const one = await tierAt(t, url)
    const other = await tierAt(t, url, one.clock)
    return { one: one.tier, other: other.tier, wait: one.wait, now: () => one.clock.now() }
  })
})

t.test(
  "a dead holder's lease expires, and another replica acquires it",
  { skip: withoutRedis },
  async t => {
    const { url, client } = await startRedis(t)
    const one = await tierAt(t, url)
    const other = await tierAt(t, url)
    expectKind(await one.tier.acquireLease('user'), 'held')
    const taken = expectKind(await other.tier.acquireLease('user'), 'taken')
    let isOver = false
    taken.ended.then(() => {
      isOver = true
    })
    await one.clock.advance(500)
    t.ok((await client.pttl('playlist-proxy:lease:user')) <= 3000)
    // From here on the holder's clock is stopped, so it does not renew.
    await other.wait(() => isOver)
    // On a slow machine a poll can time out before the lease expires, which also ends the wait.
    let acquired = await other.tier.acquireLease('user')
    await other.wait(async () => {
      if (acquired.kind !== 'held') acquired = await other.tier.acquireLease('user')
      return acquired.kind === 'held'
    })
    await expectKind(acquired, 'held').released()
  },
)

t.test('a lease lasts while its holder renews it', { skip: withoutRedis }, async t => {
  const { url, client } = await startRedis(t)
  const { tier, clock, wait, outcomes } = await tierAt(t, url)
  const held = expectKind(await tier.acquireLease('user'), 'held')
  await client.pexpire('playlist-proxy:lease:user', 2000)
  await clock.advance(1000)
  await wait(() => outcomes.filter(outcome => outcome === 'lease ok').length === 2)
  t.ok((await client.pttl('playlist-proxy:lease:user')) > 2000)
  await held.released()
  t.equal(await client.exists('playlist-proxy:lease:user'), 0)
  t.strictSame(
    clock.pending.filter(ms => ms === 1000),
    [],
    'the holder stops renewing',
  )
})

t.test('a holder neither renews nor releases a lost lease', { skip: withoutRedis }, async t => {
  const { url, client } = await startRedis(t)
  const { tier, clock, wait, outcomes } = await tierAt(t, url)
  const held = expectKind(await tier.acquireLease('user'), 'held')
  await client.set('playlist-proxy:lease:user', 'of another', 'PX', 3000)
  await clock.advance(1000)
  await wait(() => outcomes.filter(outcome => outcome === 'lease ok').length === 2)
  await held.stored(response('late'))
  t.equal(await client.get('playlist-proxy:lease:user'), 'of another')
  t.equal((await tier.get('user'))?.body, 'late', 'the result is stored anyway')
})

t.test('a failure concerning only one replica is not shared', { skip: withoutRedis }, async t => {
  const { url } = await startRedis(t)
  const one = await tierAt(t, url)
  const other = await tierAt(t, url)
  const held = expectKind(await one.tier.acquireLease('user'), 'held')
  const { ended } = expectKind(await other.tier.acquireLease('user'), 'taken')
  await held.failed(new Problem('internal-error', 'A bug.'))
  t.strictSame(await ended, { failure: undefined })
  expectKind(await other.tier.acquireLease('user'), 'held')
})

t.test(
  'in Redis, an older response replaces a newer one only if that is from the future',
  { skip: withoutRedis },
  async t => {
    const { url, client } = await startRedis(t)
    const { tier } = await tierAt(t, url)
    const now = Date.now()
    for (const [body, generatedAt, stays] of [
      ['first', now, 'first'],
      ['older', now - 1, 'first'],
      ['same', now, 'same'],
      ['newer', now + 1, 'newer'],
      // From a replica with a clock behind, and from a replica with a clock ahead.
      ['an hour older', now - 3_600_000, 'newer'],
      ['ahead', now + 3_600_000, 'ahead'],
      ['right', now + 2, 'right'],
    ] as const) {
      await expectKind(await tier.acquireLease('user'), 'held').stored(response(body, generatedAt))
      t.equal((await tier.get('user'))?.body, stays)
    }
    const ttl = await client.pttl('playlist-proxy:entry:user')
    t.ok(ttl > 3_500_000 && ttl <= 3_600_001, 'the entry expires when it may no longer be served')
  },
)

t.test(
  'a malformed Redis value, of any type, is a miss and is replaced',
  { skip: withoutRedis },
  async t => {
    const { url, client } = await startRedis(t)
    const { tier, connection, outcomes } = await tierAt(t, url)
    const bytes = (key: string) => JSON.stringify({ key, response: response('other') })
    const entry = 'playlist-proxy:entry:user'
    const lease = 'playlist-proxy:lease:user'
    for (const fill of [
      (key: string) => client.set(key, 'rubbish'),
      (key: string) => client.lpush(key, 'rubbish'),
      (key: string) => client.sadd(key, 'rubbish'),
      (key: string) => client.zadd(key, 1, 'rubbish'),
      (key: string) => client.xadd(key, '*', 'rubbish', ''),
      (key: string) => client.hset(key, 'entry', 'rubbish', 'generated_at', 'rubbish'),
      (key: string) => client.hset(key, 'entry', bytes('another'), 'generated_at', '9e99'),
      (key: string) => client.hset(key, 'entry', bytes('another'), 'generated_at', 'nan'),
    ]) {
      await client.del(entry, lease)
      await fill(entry)
      await fill(lease)
      t.equal(await tier.get('user'), undefined)
      t.equal(outcomes.filter(outcome => outcome === 'entry_get rubbish').length, 1, String(fill))
      await expectKind(await tier.acquireLease('user'), 'held').stored(response('list'))
      t.equal((await tier.get('user'))?.body, 'list')
      t.equal(connection.state, 'connected')
      outcomes.length = 0
    }
    await client.del(entry)
    await client.hset(entry, 'rubbish', 'rubbish')
    t.equal(await tier.get('user'), undefined, 'a hash with other fields')
  },
)

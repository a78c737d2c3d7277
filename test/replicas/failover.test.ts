import t, { type Test } from 'tap'
import { messageChannel } from '../../src/replicas/messages.ts'
import { asRedisError } from '../../src/replicas/operation.ts'
import { expectKind, response } from '../cache/shared-tier-contract.ts'
import { startForwarder } from '../support/forwarder.ts'
import { portOf, startPair } from '../support/redis-groups.ts'
import { connectTo, tierAt } from '../support/shared.ts'
import { eventually, startOwnRedis, withoutOwnRedis } from '../support/valkey.ts'

const skip = { skip: withoutOwnRedis }
/** A primary, a replica, and an address forwarding to the primary. */
async function pair(t: Test, ...args: string[]) {
  const servers = await startPair(t, ...args)
  return { ...servers, address: await startForwarder(t, portOf(servers.primary)) }
}

/** Swaps the roles of the two servers; connections stay open. */
async function failOver({ primary, replica, address }: Awaited<ReturnType<typeof pair>>) {
  await replica.client.replicaof('NO', 'ONE')
  address.moveTo(portOf(replica))
  await primary.client.replicaof('127.0.0.1', portOf(replica))
}

const idOf = ({ connection }: Awaited<ReturnType<typeof connectTo>>) =>
  connection.run('probe', client => client.client('ID'))

t.test('after a failover, replicas reconnect to the new primary', skip, async t => {
  const servers = await pair(t)
  const one = await tierAt(t, servers.address.url)
  const other = await tierAt(t, servers.address.url)
  await expectKind(await one.tier.acquireLease('user'), 'held').stored(response('list'))
  await eventually(async () => (await servers.replica.client.dbsize()) > 1)
  await failOver(servers)
  t.equal((await one.tier.acquireLease('user')).kind, 'unavailable')
  t.equal((await one.tier.get('user'))?.body, 'list', 'the stored list is still readable')
  await one.wait(() => one.connection.state === 'connected')
  await other.tier.acquireLease('other')
  await other.wait(() => other.connection.state === 'connected')
  t.match(
    one.lines().map(({ msg, code }) => [msg, code]),
    [[/connected/], [/failed/, 'READONLY'], [/connected/]],
  )
  const received: string[] = []
  other.tier.onStored(key => received.push(key))
  const subscribed = () => servers.replica.client.pubsub('NUMSUB', messageChannel(0))
  await one.wait(async () => (await subscribed())[1] === 1)
  await other.wait(async () => (await subscribed())[1] === 2)
  await expectKind(await one.tier.acquireLease('later'), 'held').stored(response('new'))
  t.equal(await servers.replica.client.exists('playlist-proxy:entry:later'), 1)
  await other.wait(() => received.includes('later'))
})

t.test('without a primary, lists in Redis are still readable', skip, async t => {
  const { primary, address } = await pair(t)
  const { tier, connection, wait, outcomes } = await tierAt(t, address.url)
  await expectKind(await tier.acquireLease('user'), 'held').stored(response('list'))
  await primary.client.replicaof('127.0.0.1', 1)
  t.equal((await tier.acquireLease('user')).kind, 'unavailable')
  const before = address.accepted()
  await wait(async () => {
    t.equal((await tier.get('user'))?.body, 'list')
    return address.accepted() >= before + 3
  })
  t.equal(connection.state, 'degraded')
  t.notOk(outcomes.some(outcome => outcome.startsWith('entry_get') && !outcome.endsWith('ok')))
  await primary.client.replicaof('NO', 'ONE')
  await wait(() => connection.state === 'connected')
  await expectKind(await tier.acquireLease('user'), 'held').released()
})

t.test('lists in Redis are readable while the new address is unreachable', skip, async t => {
  const { primary, replica, address } = await pair(t)
  const { tier, connection, wait, outcomes } = await tierAt(t, address.url)
  await expectKind(await tier.acquireLease('user'), 'held').stored(response('list'))
  address.moveTo(1)
  await primary.client.replicaof('127.0.0.1', portOf(replica))
  t.equal((await tier.acquireLease('user')).kind, 'unavailable')
  await wait(() => outcomes.includes('probe unreachable'))
  t.equal((await tier.get('user'))?.body, 'list')
  await replica.client.replicaof('NO', 'ONE')
  address.moveTo(portOf(replica))
  await wait(() => connection.state === 'connected')
})

t.test(
  'a connection to a server that refuses reads without a primary is replaced',
  skip,
  async t => {
    const servers = await pair(t, '--replica-serve-stale-data', 'no')
    const { tier, connection, wait, lines } = await tierAt(t, servers.address.url)
    await servers.primary.client.replicaof('127.0.0.1', 1)
    await wait(async () => {
      await tier.get('user')
      return lines().some(({ code }) => code === 'MASTERDOWN')
    })
    await servers.replica.client.replicaof('NO', 'ONE')
    servers.address.moveTo(portOf(servers.replica))
    await wait(() => connection.state === 'connected')
  },
)

t.test('a connection is replaced when its authentication is reset', skip, async t => {
  const server = await startOwnRedis(t, '--requirepass', 'right')
  const url = Object.assign(new URL(server.url), { password: 'right' }).href
  const connected = await connectTo(t, url)
  const { connection, wait } = connected
  const id = await idOf(connected)
  await connection.run('probe', client => client.call('RESET'))
  await idOf(connected).catch(() => {})
  await wait(() => connection.state === 'degraded')
  await wait(() => connection.state === 'connected')
  t.not(await idOf(connected), id)
})

t.test(
  'the connection stays open when Redis refuses a command for another reason',
  skip,
  async t => {
    const server = await startOwnRedis(t)
    const connected = await connectTo(t, server.url)
    const { connection, wait, outcomes, lines } = connected
    const id = await idOf(connected)
    const { client } = server
    for (const [refuse, allow, code] of [
      [
        () => client.config('SET', 'maxmemory', 1),
        () => client.config('SET', 'maxmemory', 0),
        'OOM',
      ],
      [
        () => client.acl('SETUSER', 'default', '-set'),
        () => client.acl('SETUSER', 'default', '+set'),
        'NOPERM',
      ],
    ] as const) {
      await refuse()
      await connection.run('lease', client => client.set('test', '1')).catch(() => {})
      const checks = outcomes.length + 3
      await wait(() => outcomes.length >= checks)
      t.equal(lines().at(-1)?.code, code)
      await allow()
      await wait(() => connection.state === 'connected')
      t.equal(await idOf(connected), id, code)
    }
  },
)

t.test('Redis refusals are classified by code, even those from Redis 6 scripts', async t => {
  const refusal = (message: string) =>
    asRedisError(Object.assign(new Error(message), { name: 'ReplyError' }))
  const script = 'ERR Error running script (call to f_1): @user_script:8: @user_script: 8: '
  for (const [message, code, isAboutConnection] of [
    ["READONLY You can't write against a read only replica.", 'READONLY', true],
    [`${script}-READONLY You can't write against a read only replica.`, 'READONLY', true],
    [`${script}-OOM command not allowed when used memory > 'maxmemory'.`, 'OOM', false],
    ['LOADING Redis is loading the dataset in memory', 'LOADING', true],
    ['NOREPLICAS Not enough good replicas to write.', 'NOREPLICAS', true],
    ['NOAUTH Authentication required.', 'NOAUTH', true],
    ['MOVED 14924 127.0.0.1:6379', 'MOVED', true],
    ['CLUSTERDOWN The cluster is down', 'CLUSTERDOWN', true],
    ['ASK 14924 127.0.0.1:6379', 'ASK', false],
    [
      "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
      'MASTERDOWN',
      true,
    ],
    ['MISCONF Redis is configured to save RDB snapshots', 'MISCONF', false],
    ['BUSY Redis is busy running a script.', 'BUSY', false],
    ['NOPERM this user has no permissions', 'NOPERM', false],
    ['ERR unknown command', 'ERR', false],
    ['odd', undefined, false],
  ] as const) {
    t.match(refusal(message), { reason: 'refused', code, isAboutConnection }, message)
  }
})

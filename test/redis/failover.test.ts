import t, { type Test } from 'tap'
import { newsChannel } from '../../src/redis/messages.ts'
import { asSharedCacheError } from '../../src/redis/redis-error.ts'
import { expectKind, response } from '../cache/shared-tier-contract.ts'
import { startForwarder } from '../support/forwarder.ts'
import { connectTo, tierAt } from '../support/shared.ts'
import { eventually, type OwnEngine, startOwnEngine, withoutOwnEngine } from '../support/valkey.ts'

const skip = { skip: withoutOwnEngine }
const portOf = ({ url }: OwnEngine) => Number(new URL(url).port)

/** Two servers, the second a replica of the first, and an address that leads to the first. */
async function pair(t: Test, ...args: string[]) {
  // Else a primary waits five seconds for more replicas.
  const all = ['--repl-diskless-sync-delay', '0', ...args]
  const primary = await startOwnEngine(t, ...all)
  const replica = await startOwnEngine(t, ...all)
  await replica.client.replicaof('127.0.0.1', portOf(primary))
  await eventually(async () => /master_link_status:up/.test(await replica.client.info()))
  const address = await startForwarder(t, portOf(primary))
  return { primary, replica, address }
}

/** Makes the replica the primary and the other way round; connections stay open. */
async function failOver({ primary, replica, address }: Awaited<ReturnType<typeof pair>>) {
  await replica.client.replicaof('NO', 'ONE')
  address.moveTo(portOf(replica))
  await primary.client.replicaof('127.0.0.1', portOf(replica))
}

const idOf = ({ connection }: Awaited<ReturnType<typeof connectTo>>) =>
  connection.run('probe', client => client.client('ID'))

t.test('after a failover the address is followed to the new primary', skip, async t => {
  const servers = await pair(t)
  const one = await tierAt(t, servers.address.url)
  const other = await tierAt(t, servers.address.url)
  await expectKind(await one.tier.acquireLease('user'), 'held').stored(response('list'))
  await eventually(async () => (await servers.replica.client.dbsize()) > 1)
  await failOver(servers)
  t.equal((await one.tier.acquireLease('user')).kind, 'unavailable')
  t.equal((await one.tier.get('user'))?.body, 'list', 'what was stored is still read')
  await one.wait(() => one.connection.state === 'connected')
  await other.tier.acquireLease('other')
  await other.wait(() => other.connection.state === 'connected')
  t.match(
    one.lines().map(({ msg, code }) => [msg, code]),
    [[/works/], [/fails/, 'READONLY'], [/works/]],
  )
  const learnt: string[] = []
  other.tier.onStored(key => learnt.push(key))
  const subscribed = () => servers.replica.client.pubsub('NUMSUB', newsChannel(0))
  await one.wait(async () => (await subscribed())[1] === 1)
  await other.wait(async () => (await subscribed())[1] === 2)
  await expectKind(await one.tier.acquireLease('later'), 'held').stored(response('new'))
  t.equal(await servers.replica.client.exists('playlist-proxy:entry:later'), 1)
  await other.wait(() => learnt.includes('later'))
})

t.test('while there is no other primary what is stored is read', skip, async t => {
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

t.test('an address that leads nowhere for a while keeps what there is', skip, async t => {
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

t.test('a replica that lost its primary refuses reads, and is left', skip, async t => {
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
})

t.test('a connection that has lost its password gets another', skip, async t => {
  const engine = await startOwnEngine(t, '--requirepass', 'right')
  const url = Object.assign(new URL(engine.url), { password: 'right' }).href
  const connected = await connectTo(t, url)
  const { connection, wait } = connected
  const id = await idOf(connected)
  await connection.run('probe', client => client.call('RESET'))
  await idOf(connected).catch(() => {})
  await wait(() => connection.state === 'degraded')
  await wait(() => connection.state === 'connected')
  t.not(await idOf(connected), id)
})

t.test('a refusal that another connection would meet keeps the connection', skip, async t => {
  const engine = await startOwnEngine(t)
  const connected = await connectTo(t, engine.url)
  const { connection, wait, outcomes, lines } = connected
  const id = await idOf(connected)
  const { client } = engine
  for (const [refuse, allow, code] of [
    [() => client.config('SET', 'maxmemory', 1), () => client.config('SET', 'maxmemory', 0), 'OOM'],
    [
      () => client.acl('SETUSER', 'default', '-set'),
      () => client.acl('SETUSER', 'default', '+set'),
      'NOPERM',
    ],
  ] as const) {
    await refuse()
    await connection.run('lease', client => client.set('playlist-proxy:test', '1')).catch(() => {})
    const checks = outcomes.length + 3
    await wait(() => outcomes.length >= checks)
    t.equal(lines().at(-1)?.code, code)
    await allow()
    await wait(() => connection.state === 'connected')
    t.equal(await idOf(connected), id, code)
  }
})

t.test('refusals are told apart by name, in scripts of Redis 6 as well', async t => {
  const refusal = (message: string) =>
    asSharedCacheError(Object.assign(new Error(message), { name: 'ReplyError' }))
  const script = 'ERR Error running script (call to f_1): @user_script:8: @user_script: 8: '
  for (const [message, code, isAboutConnection] of [
    ["READONLY You can't write against a read only replica.", 'READONLY', true],
    [`${script}-READONLY You can't write against a read only replica.`, 'READONLY', true],
    [`${script}-OOM command not allowed when used memory > 'maxmemory'.`, 'OOM', false],
    ['LOADING Redis is loading the dataset in memory', 'LOADING', true],
    ['NOREPLICAS Not enough good replicas to write.', 'NOREPLICAS', true],
    ['NOAUTH Authentication required.', 'NOAUTH', true],
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

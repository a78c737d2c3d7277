import t from 'tap'
import { expectKind, response } from '../cache/shared-tier-contract.ts'
import { addressOf, startCluster, withoutCluster } from '../support/redis-groups.ts'
import { connectTo, tierAt } from '../support/shared.ts'
import { eventually } from '../support/valkey.ts'

const skip = { skip: withoutCluster }
const TAG = 'playlist-proxy'
const ENTRY = `{${TAG}}:entry:`
/** An address without a listener. */
const DEAD = '127.0.0.1:1'

t.test('replicas share one cluster slot', skip, async t => {
  const { owner, others } = await startCluster(t, TAG)
  // Any node leads to the slot owner, which need not be listed here.
  const one = await tierAt(t, `redis+cluster://${DEAD},${addressOf(others[0])}`)
  const other = await tierAt(t, `redis+cluster://${others.map(addressOf)}`)
  const third = await tierAt(t, `redis+cluster://${addressOf(owner)}`)
  await others[1].client.config('SET', 'cluster-preferred-endpoint-type', 'unknown-endpoint')
  const withoutHost = await tierAt(t, `redis+cluster://${addressOf(others[1])}`)
  const received: string[] = []
  other.tier.onStored(key => received.push(key))
  // A slot depends on the first pair of braces.
  for (const user of ['user', '}{', '{user}', '#mimble!']) {
    await expectKind(await one.tier.acquireLease(user), 'held').stored(response(user))
    t.equal((await other.tier.get(user))?.body, user)
    t.equal((await third.tier.get(user))?.body, user)
    t.equal((await withoutHost.tier.get(user))?.body, user)
    t.equal(await owner.client.exists(`${ENTRY}${user}`), 1)
    await other.wait(() => received.includes(user))
  }
  t.same(await others[0].client.keys('*'), [])
  t.notOk([...one.outcomes, ...other.outcomes].some(outcome => !outcome.endsWith(' ok')))
})

t.test('replicas follow their slot to another primary', skip, async t => {
  const { owner, replica, others, moveSlot } = await startCluster(t, TAG)
  const { tier, connection, wait, lines } = await tierAt(
    t,
    `redis+cluster://${[...others, owner].map(addressOf)}`,
  )
  await expectKind(await tier.acquireLease('user'), 'held').stored(response('list'))
  const isStored = async () => (await replica.client.keys('*')).includes(`${ENTRY}user`)
  await eventually(isStored)
  t.comment('the primary dies')
  await owner.kill()
  await wait(() => connection.state === 'degraded')
  await wait(() => connection.state === 'connected')
  await wait(async () => (await tier.get('user'))?.body === 'list')
  t.ok(await isStored())
  t.comment('the slot moves')
  await replica.client.del(...(await replica.client.keys('*')))
  await moveSlot([others[1], others[0], replica])
  await wait(async () => {
    const lease = await tier.acquireLease('later')
    if (lease.kind === 'held') await lease.stored(response('new'))
    return (await tier.get('later')) !== undefined
  })
  t.equal(await others[1].client.exists(`${ENTRY}later`), 1)
  t.ok(lines().some(({ code }) => code === 'MOVED'))
})

t.test('redis:// does not follow cluster redirections', skip, async t => {
  const { others } = await startCluster(t, TAG)
  const { connection, lines } = await connectTo(t, others[0].url)
  t.equal(connection.state, 'degraded')
  t.equal(lines()[0]?.code, 'MOVED')
})

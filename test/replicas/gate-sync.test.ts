import t, { type Test } from 'tap'
import { GateSync } from '../../src/replicas/gate-sync.ts'
import { tooManyRequests } from '../../src/spotify/gate/diagnosis.ts'
import { failureOf } from '../support/failure-of.ts'
import { gateFor, passOptions } from '../support/gate.ts'
import { connectTo } from '../support/shared.ts'
import {
  eventually,
  startOwnRedis,
  startRedis,
  withoutOwnRedis,
  withoutRedis,
} from '../support/valkey.ts'

const sent = async () => 'sent'

/** A replica with its gate, on a manual clock. */
async function replica(t: Pick<Test, 'teardown'>, url: string) {
  const connected = await connectTo(t, url)
  const { connection, clock } = connected
  const peers = new GateSync({ connection, app: 'app', probeMs: 6000, clock })
  const { gate, lines } = gateFor({ peers, clock })
  await peers.start()
  t.teardown(() => peers.close())
  const refuse = (ms: number) =>
    failureOf(gate.pass(() => Promise.reject(tooManyRequests('', clock.now() + ms)), passOptions()))
  return { ...connected, gate, peers, gateLines: lines, refuse, state: () => gate.status().state }
}

t.test(
  'a refusal pauses all gates, and a successful probe opens them',
  { skip: withoutRedis },
  async t => {
    const { url, client } = await startRedis(t)
    const one = await replica(t, url)
    const other = await replica(t, url)
    await one.refuse(5000)
    await eventually(() => other.state() === 'paused')
    t.match(other.gate.status(), {
      reason: 'spotify-rate-limited',
      diagnosis: { name: 'rate-limited' },
    })
    const late = await replica(t, url)
    t.equal(late.state(), 'paused', 'a new replica knows from the start')
    t.ok((await client.pttl('playlist-proxy:gate:app')) > 0)
    const replicas = [one, other, late]
    for (const { clock } of replicas) await clock.advance(5000)
    // Such a jump times out commands in flight, so the replicas have to subscribe again.
    const subscribed = new Set()
    for (const { connection } of replicas) connection.onMessage(() => subscribed.add(connection))
    await eventually(
      () =>
        subscribed.size === replicas.length &&
        replicas.every(({ connection }) => connection.state === 'connected'),
      async () => {
        for (const { clock } of replicas) await clock.advance(10)
        one.connection.publish({ kind: 'released', from: 'test', key: 'test' })
      },
    )
    // From here on the clocks stand still, so commands never time out.
    let answer: ((value: string) => void) | undefined
    const probe = one.gate.pass(
      () => new Promise<string>(resolve => (answer = resolve)),
      passOptions(),
    )
    await eventually(() => answer !== undefined)
    t.match(
      await failureOf(other.gate.pass(sent, passOptions())),
      { type: 'spotify-rate-limited' },
      'one probe for all',
    )
    answer?.('answered')
    t.equal(await probe, 'answered')
    await eventually(() => [other, late].every(({ state }) => state() === 'open'))
    t.equal(other.gateLines().length, 2)
  },
)

t.test(
  'a gate that closes while Redis is down publishes the pause afterwards',
  { skip: withoutOwnRedis },
  async t => {
    const server = await startOwnRedis(t)
    const one = await replica(t, server.url)
    const other = await replica(t, server.url)
    await server.kill()
    await one.wait(() => one.connection.state === 'degraded')
    await one.refuse(3_600_000)
    t.equal(other.state(), 'open')
    await server.restart()
    await one.wait(async () => (await server.client.exists('playlist-proxy:gate:app')) === 1)
    await other.wait(() => other.state() === 'paused')
  },
)

t.test('without Redis, a gate probes on its own', { skip: withoutOwnRedis }, async t => {
  const server = await startOwnRedis(t)
  const one = await replica(t, server.url)
  await one.refuse(5000)
  await server.kill()
  await one.clock.advance(5000)
  t.equal(await one.gate.pass(sent, passOptions()), 'sent')
})

t.test('a malformed pause or right to probe is ignored', { skip: withoutRedis }, async t => {
  const { url, client } = await startRedis(t)
  await client.set('playlist-proxy:gate:app', '{"until":9e99}')
  await client.set('playlist-proxy:gate-probe:app', 'for ever')
  const one = await replica(t, url)
  t.equal(one.state(), 'open')
  t.ok(one.outcomes.includes('gate rubbish'))
  await one.refuse(1000)
  await eventually(async () => (await client.pttl('playlist-proxy:gate:app')) > 0)
  await one.clock.advance(1000)
  t.equal(await one.gate.pass(sent, passOptions()), 'sent')
})

t.test('a closed gate sync ignores messages', { skip: withoutRedis }, async t => {
  const { url } = await startRedis(t)
  const one = await replica(t, url)
  const closed = await replica(t, url)
  closed.peers.close()
  let isReceived = false
  closed.connection.onMessage(() => {
    isReceived = true
  })
  await one.refuse(5000)
  await eventually(() => isReceived)
  await closed.connection.run('gate', client => client.ping())
  t.equal(closed.state(), 'open')
})

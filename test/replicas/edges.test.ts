import t from 'tap'
import { parseSharedCacheUrl, type SharedCacheTarget } from '../../src/config/redis-url.ts'
import { Problem } from '../../src/problems/problem.ts'
import { RedisConnection } from '../../src/replicas/connection.ts'
import { GateSync } from '../../src/replicas/gate-sync.ts'
import type { Message } from '../../src/replicas/messages.ts'
import { openPrimary } from '../../src/replicas/open-primary.ts'
import { RedisError } from '../../src/replicas/operation.ts'
import { RedisQuota } from '../../src/replicas/redis-quota.ts'
import { RedisTier } from '../../src/replicas/redis-tier.ts'
import { expectKind } from '../cache/shared-tier-contract.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { connectTo, textCodec, tierAt } from '../support/shared.ts'
import { startOwnRedis, startRedis, withoutOwnRedis, withoutRedis } from '../support/valkey.ts'

const UNREACHABLE = 'rediss://user:secret@127.0.0.1:1/3'

const connectionTo = (url: string, clock = new ManualClock()) =>
  new RedisConnection({
    target: parseSharedCacheUrl(url) as SharedCacheTarget,
    timeoutMs: 50,
    clock,
    log: recordingLogger().logger,
    observe: () => {},
  })

t.test(
  'Redis is unreachable at a port without a listener, even with credentials and TLS',
  async t => {
    const target = parseSharedCacheUrl(UNREACHABLE) as SharedCacheTarget
    await t.rejects(openPrimary(target, new ManualClock(), 1000), { message: /unreachable/ })
  },
)

t.test('an unstarted Redis connection is degraded and sends no command', async t => {
  const connection = connectionTo(UNREACHABLE)
  t.equal(connection.state, 'degraded')
  await t.rejects(
    connection.run('probe', client => client.ping()),
    { message: /not-tried/ },
  )
})

t.test('a Redis connection closed while opening stays closed', { skip: withoutRedis }, async t => {
  const { url } = await startRedis(t)
  for (const target of [url, UNREACHABLE]) {
    const clock = new ManualClock()
    const connection = connectionTo(target, clock)
    const starting = connection.start()
    await connection.close()
    await starting
    await t.rejects(
      connection.run('probe', client => client.ping()),
      { message: /not-tried/ },
    )
    t.same(clock.pending, [], 'no retry is scheduled')
  }
})

t.test(
  'a replica receives messages again after Redis restarts',
  { skip: withoutOwnRedis },
  async t => {
    const server = await startOwnRedis(t)
    const { connection, wait } = await connectTo(t, server.url)
    const received: string[] = []
    connection.onMessage(({ from }) => received.push(from))
    const publish = async (from: string) => {
      await wait(() => {
        connection.publish({ kind: 'released', from, key: 'bob' })
        return received.includes(from)
      })
    }
    await publish('before')
    await server.kill()
    await server.restart()
    await wait(async () => {
      await connection.run('probe', client => client.ping()).catch(() => {})
      return connection.state === 'connected'
    })
    await publish('after')
    t.equal(received[0], 'before')
  },
)

t.test(
  'a gate message does not end a lookup waiting for a lease',
  { skip: withoutRedis },
  async t => {
    const { url } = await startRedis(t)
    const { tier, connection, wait } = await tierAt(t, url)
    const other = await tierAt(t, url)
    t.equal((await other.tier.acquireLease('bob')).kind, 'held')
    const lease = await tier.acquireLease('bob')
    let isOver = false
    if (lease.kind === 'taken') {
      lease.ended.then(() => {
        isOver = true
      })
    }
    let isReceived = false
    connection.onMessage(() => {
      isReceived = true
    })
    other.connection.publish({ kind: 'opened', from: 'other', app: 'app', agoMs: 0 })
    await wait(() => isReceived)
    t.equal(lease.kind, 'taken')
    t.notOk(isOver)
  },
)

t.test('a late poll for an ended lease does not end a later wait', async t => {
  const clock = new ManualClock()
  let reply = (_left: number) => {}
  const late = new Promise<number>(resolve => {
    reply = resolve
  })
  const replies = [10, late, 2000]
  let receive = (_message: Message) => {}
  const connection = Object.assign(connectionTo(UNREACHABLE), {
    run: async () => replies.shift() as never,
    onMessage: (listener: typeof receive) => {
      receive = listener
    },
  })
  const tier = new RedisTier({ connection, codec: textCodec, clock })
  const release = () => receive({ kind: 'released', from: 'other', key: 'bob' })
  const first = expectKind(await tier.acquireLease('bob'), 'taken')
  await clock.advance(20)
  release()
  await first.ended
  const second = expectKind(await tier.acquireLease('bob'), 'taken')
  let hasEnded = false
  second.ended.then(() => {
    hasEnded = true
  })
  reply(0)
  await clock.advance(0)
  t.notOk(hasEnded)
  release()
  await second.ended
  t.same(clock.pending, [])
})

t.test('the quota and the gate sync close even if never started', async t => {
  const clock = new ManualClock()
  const failing = {
    run: async () => {
      throw new RedisError('unreachable')
    },
    // A bug in one replica must not pause the others.
    publish: () => t.fail('published'),
    onMessage: () => () => {},
    onDegraded: () => {},
    countMalformed: () => {},
  }
  const budget = new RedisQuota({ connection: failing, app: 'a', limit: 1, clock })
  const gate = new GateSync({ connection: failing, app: 'a', probeMs: 1000, clock })
  const cause = new Problem('internal-error', 'A bug.')
  gate.publishPause({ cause, until: clock.now() + 1000, pauses: 0 })
  const release = await gate.acquireProbe()
  t.type(release, 'function', 'without Redis a gate probes for itself')
  release?.()
  gate.close()
  await t.resolves(budget.close())
  t.same(clock.pending, [])
})

import t from 'tap'
import { parseSharedCacheUrl, type SharedCacheTarget } from '../../src/config/redis-url.ts'
import { Problem } from '../../src/problems/problem.ts'
import { ValkeyConnection } from '../../src/redis/connection.ts'
import { SharedGate } from '../../src/redis/gate-sync.ts'
import { Leases } from '../../src/redis/leases.ts'
import { decodeNews } from '../../src/redis/messages.ts'
import { openClient } from '../../src/redis/open-connection.ts'
import { SharedCacheError } from '../../src/redis/redis-error.ts'
import { SharedBudget } from '../../src/redis/redis-quota.ts'
import { recordingLogger } from '../support/log-lines.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { connectTo, tierAt } from '../support/shared.ts'
import { startEngine, startOwnEngine, withoutEngine, withoutOwnEngine } from '../support/valkey.ts'

const NOBODY = 'rediss://user:secret@127.0.0.1:1/3'

const connectionTo = (url: string, clock = new ManualClock()) =>
  new ValkeyConnection({
    target: parseSharedCacheUrl(url) as SharedCacheTarget,
    timeoutMs: 50,
    clock,
    log: recordingLogger().logger,
    observe: () => {},
  })

t.test('where nobody listens, neither a name nor TLS changes that', async t => {
  const target = parseSharedCacheUrl(NOBODY) as SharedCacheTarget
  await t.rejects(openClient(target, new ManualClock(), 1000), { message: /unreachable/ })
})

t.test('a connection that was not tried yet is of no use', async t => {
  const connection = connectionTo(NOBODY)
  t.equal(connection.state, 'degraded')
  await t.rejects(
    connection.run('probe', client => client.ping()),
    { message: /not-tried/ },
  )
})

t.test('one that is closed while it is opened stays closed', { skip: withoutEngine }, async t => {
  const { url } = await startEngine(t)
  for (const target of [url, NOBODY]) {
    const clock = new ManualClock()
    const connection = connectionTo(target, clock)
    const starting = connection.start()
    await connection.close()
    await starting
    await t.rejects(
      connection.run('probe', client => client.ping()),
      { message: /not-tried/ },
    )
    t.same(clock.pending, [], 'and nothing tries it again')
  }
})

t.test(
  'messages are received again after Redis has restarted',
  { skip: withoutOwnEngine },
  async t => {
    const engine = await startOwnEngine(t)
    const { connection, wait } = await connectTo(t, engine.url)
    const heard: string[] = []
    connection.onNews(news => heard.push(news.from))
    const tell = async (from: string) => {
      await wait(() => {
        connection.tell({ kind: 'released', from, key: 'bob' })
        return heard.includes(from)
      })
    }
    await tell('before')
    await engine.kill()
    await engine.restart()
    await wait(async () => {
      await connection.run('probe', client => client.ping()).catch(() => {})
      return connection.state === 'connected'
    })
    await tell('after')
    t.equal(heard[0], 'before')
  },
)

t.test('news of Spotify end no waiting for a list', { skip: withoutEngine }, async t => {
  const { url } = await startEngine(t)
  const { tier, connection, wait } = await tierAt(t, url)
  const other = await tierAt(t, url)
  t.equal((await other.tier.acquireLease('bob')).kind, 'held')
  const claim = await tier.acquireLease('bob')
  let isOver = false
  if (claim.kind === 'taken') {
    claim.ended.then(() => {
      isOver = true
    })
  }
  let isHeard = false
  connection.onNews(() => {
    isHeard = true
  })
  other.connection.tell({ kind: 'opened', from: 'other', app: 'app', agoMs: 0 })
  await wait(() => isHeard)
  t.equal(claim.kind, 'taken')
  t.notOk(isOver)
})

t.test('what is no news is none', async t => {
  for (const text of ['', '{}', '[]', '{"version":1}']) t.equal(decodeNews(text), undefined)
})

t.test('who no longer waits for a lease is not told that it is over', async t => {
  const clock = new ManualClock()
  let answer = (_left: number) => {}
  const asked = new Promise<number>(resolve => {
    answer = resolve
  })
  const connection = Object.assign(connectionTo(NOBODY), { run: () => asked as Promise<never> })
  const leases = new Leases(connection, clock)
  let isTold = false
  const end = leases.watch('bob', 10, () => {
    isTold = true
  })
  await clock.advance(20)
  end()
  answer(0)
  await clock.advance(5000)
  t.notOk(isTold)
})

t.test('parts that were never started end as well', async t => {
  const clock = new ManualClock()
  const failing = {
    run: async () => {
      throw new SharedCacheError('unreachable')
    },
    // A bug of one replica is no reason for the others to stop.
    tell: () => t.fail('sent'),
    onNews: () => () => {},
    foundRubbish: () => {},
  }
  const budget = new SharedBudget({ connection: failing, app: 'a', limit: 1, clock })
  const gate = new SharedGate({ connection: failing, app: 'a', probeMs: 1000, clock })
  const cause = new Problem('internal-error', 'A bug.')
  gate.publishPause({ cause, until: clock.now() + 1000, pauses: 0 })
  const end = await gate.acquireProbe()
  t.type(end, 'function', 'who cannot ask the others probes alone')
  end?.()
  gate.close()
  await t.resolves(budget.close())
  t.same(clock.pending, [])
})

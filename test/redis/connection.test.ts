import t from 'tap'
import { encodeNews, type News, newsChannel } from '../../src/redis/messages.ts'
import { failureOf } from '../support/failure-of.ts'
import { connectTo } from '../support/shared.ts'
import {
  eventually,
  startEngine,
  startOwnEngine,
  withoutEngine,
  withoutOwnEngine,
} from '../support/valkey.ts'

const stored = (key: string): News => ({ kind: 'stored', from: 'test', key, generatedAt: 1 })

t.test('a command is run and its reply handed on', { skip: withoutEngine }, async t => {
  const { url } = await startEngine(t)
  const { connection, outcomes, lines } = await connectTo(t, url)
  t.equal(connection.state, 'connected')
  t.equal(await connection.run('lease', c => c.set('playlist-proxy:test', '1')), 'OK')
  t.equal(await connection.run('entry_get', c => c.get('playlist-proxy:test')), '1')
  t.strictSame(outcomes, ['probe ok', 'probe ok', 'lease ok', 'entry_get ok'])
  t.strictSame(
    lines().map(({ msg }) => msg),
    ['the shared cache works'],
  )
})

t.test(
  'what is no value of the right kind says nothing of the engine',
  { skip: withoutEngine },
  async t => {
    const { url, client } = await startEngine(t)
    const { connection, outcomes } = await connectTo(t, url)
    await client.lpush('playlist-proxy:test', 'rubbish')
    for (const command of [
      () => connection.run('entry_get', c => c.get('playlist-proxy:test')),
      () =>
        connection.run('entry_get', c =>
          c.eval(`return redis.call('GET', KEYS[1])`, 1, 'playlist-proxy:test'),
        ),
      () =>
        connection.run('entry_get', async () => {
          throw new SyntaxError('not what should be here')
        }),
    ]) {
      outcomes.length = 0
      t.match(await failureOf(command()), { name: 'SharedCacheError', reason: 'rubbish' })
      t.strictSame(outcomes, ['entry_get rubbish'])
      t.equal(connection.state, 'connected')
    }
    connection.foundRubbish('lease')
    t.strictSame(outcomes.at(-1), 'lease rubbish')
  },
)

t.test('all replicas receive what one of them publishes', { skip: withoutEngine }, async t => {
  const { url } = await startEngine(t)
  const one = await connectTo(t, url)
  const other = await connectTo(t, url)
  const heard: unknown[] = []
  one.connection.onNews(news => heard.push(['one', news.kind]))
  const end = other.connection.onNews(news => heard.push(['other', news.kind]))
  one.connection.tell(stored('a'))
  await eventually(() => heard.length === 2)
  t.strictSame(heard.toSorted(), [
    ['one', 'stored'],
    ['other', 'stored'],
  ])
  end()
  one.connection.tell(stored('b'))
  one.connection.tell(stored('c'))
  await eventually(() => heard.length === 4)
  t.strictSame(heard.slice(2), [
    ['one', 'stored'],
    ['one', 'stored'],
  ])
})

t.test(
  'a replica that lost its subscription subscribes again',
  { skip: withoutOwnEngine },
  async t => {
    const { url, client } = await startOwnEngine(t)
    const one = await connectTo(t, url)
    const heard: string[] = []
    one.connection.onNews(news => heard.push('key' in news ? news.key : ''))
    await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    const channel = newsChannel(0)
    await one.wait(async () => (await client.publish(channel, encodeNews(stored('a')))) === 1)
    await one.wait(() => heard.includes('a'))
    t.ok(one.outcomes.includes('news_read unreachable'))
    t.equal(one.connection.state, 'connected')
  },
)

t.test('a subscription that answers no ping is replaced', { skip: withoutOwnEngine }, async t => {
  const engine = await startOwnEngine(t)
  const { outcomes, clock, wait } = await connectTo(t, engine.url)
  engine.stop()
  await clock.advance(1500)
  t.ok(outcomes.includes('news_read timeout'))
  engine.resume()
  const channels = () => engine.client.pubsub('NUMSUB', newsChannel(0))
  await wait(async () => (await channels())[1] === 1)
})

t.test(
  'replicas on different databases do not hear each other',
  { skip: withoutOwnEngine },
  async t => {
    const { url } = await startOwnEngine(t)
    const one = await connectTo(t, `${url}/1`)
    const other = await connectTo(t, `${url}/2`)
    const heard: string[] = []
    one.connection.onNews(news => heard.push(news.from))
    other.connection.tell({ kind: 'released', from: 'other', key: 'a' })
    await other.wait(() => other.outcomes.includes('news_tell ok'))
    one.connection.tell({ kind: 'released', from: 'one', key: 'a' })
    await one.wait(() => heard.length > 0)
    t.strictSame(heard, ['one'])
  },
)

t.test('a malformed message is counted and ignored', { skip: withoutEngine }, async t => {
  const { url, client } = await startEngine(t)
  const { connection, outcomes } = await connectTo(t, url)
  const heard: string[] = []
  connection.onNews(news => heard.push('key' in news ? news.key : ''))
  const texts = [
    '',
    '{',
    'null',
    '{"version":1,"kind":"stored","from":"","key":"a","generatedAt":1}',
    '{"version":2,"kind":"stored","from":"","key":"a","generatedAt":1.5}',
    '{"version":2}',
  ]
  const channel = newsChannel(Number(new URL(url).pathname.slice(1)))
  for (const text of texts) await client.publish(channel, text)
  connection.tell(stored('a'))
  await eventually(() => heard.length === 1)
  t.equal(outcomes.filter(outcome => outcome === 'news_read rubbish').length, texts.length)
  t.equal(connection.state, 'connected')
})

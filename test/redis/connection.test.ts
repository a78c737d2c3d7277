import t from 'tap'
import type { News } from '../../src/redis/messages.ts'
import { failureOf } from '../support/failure-of.ts'
import { connectTo } from '../support/shared.ts'
import { eventually, startEngine, startOwnEngine, withoutEngine } from '../support/valkey.ts'

const stored = (key: string): News => ({ kind: 'stored', from: 'test', key, generatedAt: 1 })

t.test('a command is run and its reply handed on', { skip: withoutEngine }, async t => {
  const { url } = await startEngine(t)
  const { connection, outcomes, lines } = await connectTo(t, url)
  t.equal(connection.state, 'connected')
  t.equal(await connection.run('lease', c => c.set('playlist-proxy:test', '1')), 'OK')
  t.equal(await connection.run('entry_get', c => c.get('playlist-proxy:test')), '1')
  t.match(outcomes, ['probe ok', 'lease ok', 'entry_get ok'])
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

t.test('what one replica tells, all learn', { skip: withoutEngine }, async t => {
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
  'news that were told while a replica was cut off arrive afterwards',
  { skip: withoutEngine },
  async t => {
    const { url, client } = await startOwnEngine(t)
    const one = await connectTo(t, url)
    const other = await connectTo(t, url)
    const heard: string[] = []
    one.connection.onNews(news => heard.push('key' in news ? news.key : ''))
    one.connection.tell(stored('before'))
    await eventually(() => heard.length === 1)
    await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await one.wait(() => one.outcomes.includes('news_read unreachable'))
    await other.wait(() => other.outcomes.filter(outcome => outcome === 'probe ok').length === 2)
    other.connection.tell(stored('meanwhile'))
    await one.wait(() => heard.length === 2)
    t.strictSame(heard, ['before', 'meanwhile'])
  },
)

t.test(
  'rubbish among the news is passed over, rubbish in their place replaced',
  { skip: withoutEngine },
  async t => {
    const { url, client } = await startEngine(t)
    const { connection, outcomes, wait } = await connectTo(t, url)
    const heard: string[] = []
    connection.onNews(news => heard.push('key' in news ? news.key : ''))
    const texts = [
      '{',
      'null',
      '{"version":1,"kind":"stored","from":"","key":"a","generatedAt":1}',
      '{"version":2,"kind":"stored","from":"","key":"a","generatedAt":1.5}',
      '{"version":2}',
    ]
    for (const text of texts) await client.xadd('playlist-proxy:news', '*', 'news', text)
    connection.tell(stored('a'))
    await eventually(() => heard.length === 1)
    t.equal(outcomes.filter(outcome => outcome === 'news_read rubbish').length, texts.length)
    await client.set('playlist-proxy:news', 'rubbish')
    await wait(
      () => outcomes.filter(outcome => outcome === 'news_read rubbish').length > texts.length,
    )
    connection.tell(stored('b'))
    await wait(() => heard.length === 2)
    t.strictSame(heard, ['a', 'b'])
    t.equal(connection.state, 'connected')
  },
)

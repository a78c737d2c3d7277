import t from 'tap'
import { encodeMessage, type Message, messageChannel } from '../../src/replicas/messages.ts'
import { failureOf } from '../support/failure-of.ts'
import { connectTo } from '../support/shared.ts'
import {
  eventually,
  startOwnRedis,
  startRedis,
  withoutOwnRedis,
  withoutRedis,
} from '../support/valkey.ts'

const stored = (key: string): Message => ({ kind: 'stored', from: 'test', key, generatedAt: 1 })

t.test('a Redis command resolves with the reply', { skip: withoutRedis }, async t => {
  const { url, client } = await startRedis(t)
  const { connection, outcomes, lines } = await connectTo(t, url)
  t.equal(connection.state, 'connected')
  t.equal(await connection.run('lease', c => c.set('test', '1')), 'OK')
  t.equal(await connection.run('entry_get', c => c.get('test')), '1')
  t.equal(await client.get('playlist-proxy:test'), '1', 'keys have a prefix')
  t.strictSame(outcomes, ['probe ok', 'probe ok', 'lease ok', 'entry_get ok'])
  t.strictSame(
    lines().map(({ msg }) => msg),
    ['connected to the shared cache'],
  )
})

t.test(
  'a malformed value in Redis does not degrade the connection',
  { skip: withoutRedis },
  async t => {
    const { url, client } = await startRedis(t)
    const { connection, outcomes } = await connectTo(t, url)
    await client.lpush('playlist-proxy:test', 'rubbish')
    for (const command of [
      () => connection.run('entry_get', c => c.get('test')),
      () =>
        connection.run('entry_get', c => c.eval(`return redis.call('GET', KEYS[1])`, 1, 'test')),
      () =>
        connection.run('entry_get', async () => {
          throw new SyntaxError('malformed')
        }),
    ]) {
      outcomes.length = 0
      t.match(await failureOf(command()), { name: 'RedisError', reason: 'rubbish' })
      t.strictSame(outcomes, ['entry_get rubbish'])
      t.equal(connection.state, 'connected')
    }
    connection.countMalformed('lease')
    t.strictSame(outcomes.at(-1), 'lease rubbish')
  },
)

t.test(
  'all replicas receive a message published by one replica',
  { skip: withoutRedis },
  async t => {
    const { url } = await startRedis(t)
    const one = await connectTo(t, url)
    const other = await connectTo(t, url)
    const received: unknown[] = []
    one.connection.onMessage(({ kind }) => received.push(['one', kind]))
    other.connection.onMessage(({ kind }) => received.push(['other', kind]))
    one.connection.publish(stored('a'))
    await eventually(() => received.length === 2)
    t.strictSame(received.toSorted(), [
      ['one', 'stored'],
      ['other', 'stored'],
    ])
  },
)

t.test(
  'a replica subscribes again after losing its subscription',
  { skip: withoutOwnRedis },
  async t => {
    const { url, client } = await startOwnRedis(t)
    const one = await connectTo(t, url)
    const received: string[] = []
    one.connection.onMessage(message => received.push('key' in message ? message.key : ''))
    await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    const channel = messageChannel(0)
    await one.wait(async () => (await client.publish(channel, encodeMessage(stored('a')))) === 1)
    await one.wait(() => received.includes('a'))
    t.ok(one.outcomes.includes('news_read unreachable'))
    t.equal(one.connection.state, 'connected')
  },
)

t.test(
  'a subscription that gets no reply to PING is replaced',
  { skip: withoutOwnRedis },
  async t => {
    const server = await startOwnRedis(t)
    const { outcomes, clock, wait } = await connectTo(t, server.url)
    server.stop()
    await clock.advance(1500)
    t.ok(outcomes.includes('news_read timeout'))
    server.resume()
    const channels = () => server.client.pubsub('NUMSUB', messageChannel(0))
    await wait(async () => (await channels())[1] === 1)
  },
)

t.test(
  "replicas on different databases do not receive each other's messages",
  { skip: withoutOwnRedis },
  async t => {
    const { url } = await startOwnRedis(t)
    const one = await connectTo(t, `${url}/1`)
    const other = await connectTo(t, `${url}/2`)
    const received: string[] = []
    one.connection.onMessage(({ from }) => received.push(from))
    other.connection.publish({ kind: 'released', from: 'other', key: 'a' })
    await other.wait(() => other.outcomes.includes('news_tell ok'))
    one.connection.publish({ kind: 'released', from: 'one', key: 'a' })
    await one.wait(() => received.length > 0)
    t.strictSame(received, ['one'])
  },
)

t.test('a replica counts and ignores a malformed message', { skip: withoutRedis }, async t => {
  const { url, client } = await startRedis(t)
  const { connection, outcomes } = await connectTo(t, url)
  const received: string[] = []
  connection.onMessage(message => received.push('key' in message ? message.key : ''))
  const texts = [
    '',
    '{',
    'null',
    '{"version":1,"kind":"stored","from":"","key":"a","generatedAt":1}',
    '{"version":2,"kind":"stored","from":"","key":"a","generatedAt":1.5}',
    '{"version":2}',
  ]
  const channel = messageChannel(Number(new URL(url).pathname.slice(1)))
  for (const text of texts) await client.publish(channel, text)
  connection.publish(stored('a'))
  await eventually(() => received.length === 1)
  t.equal(outcomes.filter(outcome => outcome === 'news_read rubbish').length, texts.length)
  t.equal(connection.state, 'connected')
})

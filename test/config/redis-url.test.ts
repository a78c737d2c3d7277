import t from 'tap'
import { ConfigError, loadConfig } from '../../src/config/load.ts'
import { parseSharedCacheUrl } from '../../src/config/redis-url.ts'
import { failureOf } from '../support/failure-of.ts'

const required = { SPOTIFY_CLIENT_ID: 'id', SPOTIFY_CLIENT_SECRET: 'secret' }
const load = (url: string) =>
  loadConfig({ ...required, SHARED_CACHE_URL: url }, '/nonexistent/.env')

const none = { username: undefined, password: undefined }
const at = (host: string, port: number) => ({ host, port })
const plain = {
  mode: 'single',
  addresses: [at('cache', 6379)],
  ...none,
  db: 0,
  tls: false,
  service: '',
  sentinel: none,
}
const sentinel = {
  ...plain,
  mode: 'sentinel',
  addresses: [at('one', 26379), at('two', 26379)],
  service: 'my-master',
}
const cluster = { ...plain, mode: 'cluster', addresses: [at('one', 6379), at('two', 7001)] }
const login = { username: 'user', password: 'p@ss/word' }

t.test('parseSharedCacheUrl returns addresses, user, password, database and TLS', async t => {
  for (const [url, target] of [
    ['redis://cache', plain],
    ['redis://cache/', plain],
    ['rediss://cache', { ...plain, tls: true }],
    ['redis://cache:6380/15', { ...plain, addresses: [at('cache', 6380)], db: 15 }],
    ['redis://:p%40ss%2Fword@cache', { ...plain, password: 'p@ss/word' }],
    ['redis://user:pass@cache', { ...plain, username: 'user', password: 'pass' }],
    ['redis://[::1]:1', { ...plain, addresses: [at('::1', 1)] }],
    ['redis+sentinel://one,two/my-master', sentinel],
    ['redis+sentinel://one:26379,two/my-master/', sentinel],
    [
      'rediss+sentinel://user:p%40ss%2Fword@[::1]:1/my-master/2?sentinel_password=p%2Bw',
      {
        ...sentinel,
        addresses: [at('::1', 1)],
        ...login,
        db: 2,
        tls: true,
        sentinel: { username: undefined, password: 'p+w' },
      },
    ],
    [
      'redis+sentinel://one,two/my-master?sentinel_username=a&sentinel_password=b',
      { ...sentinel, sentinel: { username: 'a', password: 'b' } },
    ],
    ['redis+cluster://one,two:7001', cluster],
    ['rediss+cluster://user:p%40ss%2Fword@one,two:7001/0', { ...cluster, ...login, tls: true }],
  ] as const) {
    t.strictSame(parseSharedCacheUrl(url), target, url)
    t.equal((await load(url)).SHARED_CACHE_URL, url)
  }
})

t.test('a malformed SHARED_CACHE_URL is a fault without the URL', async t => {
  for (const url of [
    'canary',
    'http://canary',
    'redis:///canary',
    'redis://canary/db',
    'redis://canary/123456',
    'redis://canary?db=1',
    'redis://canary#1',
    'redis://:can ary@cache',
    'redis://:canary%@cache',
    'redis://canary:65536',
    'redis://:canary/1@cache',
    'redis://canary,canary',
    'redis://canary/0?sentinel_password=canary',
    'redis+sentinel://canary',
    'redis+sentinel://canary/',
    'redis+sentinel://canary/canary/db',
    'redis+sentinel://canary,/canary',
    'redis+sentinel://canary,:1/canary',
    'redis+sentinel://canary/canary?db=1',
    'redis+cluster://canary/1',
    'redis+cluster://canary?',
    'redis+socket://canary',
    'redis-sentinel://canary/canary',
  ]) {
    const error = await failureOf(load(url))
    t.type(error, ConfigError, url)
    t.match(String(error), /SHARED_CACHE_URL: invalid; expected: URL of the Redis/, url)
    t.notMatch(String(error), /canary/, url)
  }
})

t.test('the service reads SHARED_CACHE_URL from the file in SHARED_CACHE_URL_FILE', async t => {
  const dir = t.testdir({ url: 'redis://:secret@cache\n' })
  const config = await loadConfig(
    { ...required, SHARED_CACHE_URL_FILE: `${dir}/url` },
    '/nonexistent/.env',
  )
  t.equal(config.SHARED_CACHE_URL, 'redis://:secret@cache')
})

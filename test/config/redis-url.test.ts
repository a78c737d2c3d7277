import t from 'tap'
import { ConfigError, loadConfig } from '../../src/config/load.ts'
import { parseSharedCacheUrl } from '../../src/config/redis-url.ts'
import { failureOf } from '../support/failure-of.ts'

const required = { SPOTIFY_CLIENT_ID: 'id', SPOTIFY_CLIENT_SECRET: 'secret' }
const load = (url: string) =>
  loadConfig({ ...required, SHARED_CACHE_URL: url }, '/nonexistent/.env')

const plain = {
  host: 'cache',
  port: 6379,
  username: undefined,
  password: undefined,
  db: 0,
  tls: false,
}

t.test('parseSharedCacheUrl returns host, port, user, password, database and TLS', async t => {
  for (const [url, target] of [
    ['redis://cache', plain],
    ['redis://cache/', plain],
    ['rediss://cache', { ...plain, tls: true }],
    ['redis://cache:6380/15', { ...plain, port: 6380, db: 15 }],
    ['redis://:p%40ss%2Fword@cache', { ...plain, password: 'p@ss/word' }],
    ['redis://user:pass@cache', { ...plain, username: 'user', password: 'pass' }],
    ['redis://[::1]:1', { ...plain, host: '::1', port: 1 }],
  ] as const) {
    t.strictSame(parseSharedCacheUrl(url), target, url)
    t.equal((await load(url)).SHARED_CACHE_URL, url)
  }
})

t.test('the fault about any other URL does not contain it', async t => {
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
  ]) {
    const error = await failureOf(load(url))
    t.type(error, ConfigError, url)
    t.match(String(error), /SHARED_CACHE_URL: invalid; expected: redis:\/\/ URL/, url)
    t.notMatch(String(error), /canary/, url)
  }
})

t.test(
  'the service reads SHARED_CACHE_URL from the file that SHARED_CACHE_URL_FILE names',
  async t => {
    const dir = t.testdir({ url: 'redis://:secret@cache\n' })
    const config = await loadConfig(
      { ...required, SHARED_CACHE_URL_FILE: `${dir}/url` },
      '/nonexistent/.env',
    )
    t.equal(config.SHARED_CACHE_URL, 'redis://:secret@cache')
  },
)

import t from 'tap'
import { ConfigError, loadConfig } from '../../src/config/load.ts'
import { configSchema } from '../../src/config/schema.ts'
import { failureOf } from '../support/failure-of.ts'
import { faultsOf, load, NO_DOTENV, namesIn, required } from './load-support.ts'

/** With a longer delay, a Node timer fires at once. */
const MAX_TIMER_MS = 2_147_483_647

t.test('all variables except the two required ones have a default', async t => {
  t.strictSame(await loadConfig(required, NO_DOTENV), {
    ...required,
    SPOTIFY_API_URL: 'https://api.spotify.com/v1',
    SPOTIFY_TOKEN_URL: 'https://accounts.spotify.com/api/token',
    SPOTIFY_AUTHORIZE_URL: 'https://accounts.spotify.com/authorize',
    HOST: '127.0.0.1',
    PORT: 3000,
    TRUST_PROXY: 'false',
    METRICS_OPEN: false,
    CALLER_REQUESTS_PER_MINUTE: 0,
    LOG_LEVEL: 'info',
    CACHE_FRESH_SECONDS: 300,
    CACHE_STALE_WHILE_REVALIDATE_SECONDS: 3600,
    CACHE_STALE_IF_ERROR_SECONDS: 43_200,
    CACHE_NEGATIVE_SECONDS: 60,
    CACHE_MIN_REFRESH_SECONDS: 10,
    CACHE_MAX_BYTES: 268_435_456,
    SHARED_CACHE_TIMEOUT_MS: 50,
    SPOTIFY_CONCURRENCY: 8,
    SPOTIFY_TIMEOUT_MS: 5000,
    LOOKUP_TIMEOUT_MS: 15_000,
    SPOTIFY_MAX_PAGES: 240,
    SPOTIFY_QUEUE: 500,
    SHUTDOWN_DELAY_MS: 500,
    SHUTDOWN_TIMEOUT_MS: 8000,
  })
})

t.test('loaded values have the schema types', async t => {
  const config = await load({ PORT: '8080', HOST: '::', PUBLIC_URL: 'https://h', EXTRA: 'x' })
  t.hasStrict(config, { PORT: 8080, HOST: '::', PUBLIC_URL: 'https://h' })
  t.notOk('EXTRA' in config, 'unknown variables are left out')
})

t.test('every variable has a description', async t => {
  for (const [name, schema] of Object.entries(configSchema.properties)) {
    t.match(schema, { description: /^\S.{10,}\w$/ }, name)
  }
})

t.test("a number outside the variable's limits is a fault", async t => {
  for (const [name, min, max] of [
    ['PORT', 0, 65_535],
    ['CACHE_NEGATIVE_SECONDS', 0, 86_400],
    ['CALLER_REQUESTS_PER_MINUTE', 0, 1_000_000],
    ['CACHE_MAX_BYTES', 1_048_576, Number.MAX_SAFE_INTEGER],
    ['SPOTIFY_QUEUE', 0, 100_000],
    ['SPOTIFY_DAILY_BUDGET', 1, Number.MAX_SAFE_INTEGER],
    ['SPOTIFY_CONCURRENCY', 1, 100],
    ['SPOTIFY_TIMEOUT_MS', 1, MAX_TIMER_MS],
    ['LOOKUP_TIMEOUT_MS', 1, MAX_TIMER_MS],
    ['SPOTIFY_MAX_PAGES', 1, 2000],
    ['SHUTDOWN_DELAY_MS', 0, 4000],
    ['SHUTDOWN_TIMEOUT_MS', 1, MAX_TIMER_MS],
  ] as const) {
    const others = { SHUTDOWN_DELAY_MS: '0' }
    for (const value of [min, min + 1, max - 1, max]) {
      const config = await load({ ...others, [name]: String(value) })
      t.equal(config[name], value, `${name}=${value}`)
    }
    for (const value of [min - 1, min + 0.5, 'x', 'NaN', max + 1]) {
      const faults = await faultsOf({ ...required, ...others, [name]: String(value) })
      t.strictSame(namesIn(faults), [name], `${name}=${value}`)
    }
  }
})

t.test('a malformed value is a fault', async t => {
  const goodUrls = ['http://h', 'https://h:8443', 'https://h/', 'https://h/a/b']
  const badUrls = [
    'h',
    'ftp://h',
    'https://',
    'https://u:p@h',
    'https://h/?b',
    'http://h#',
    'http://h ',
    'http://h:99999',
    'https://[::',
  ]
  for (const [name, good, bad] of [
    ['SPOTIFY_CLIENT_ID', ['a', '!~'], ['a:b', 'a b', 'ä', 'a\nb']],
    ['SPOTIFY_CLIENT_SECRET', ['a', 'a:b', '!~'], ['a b', 'ä', 'a\nb']],
    ['LOG_LEVEL', ['debug', 'silent'], ['INFO', 'verbose']],
    ['METRICS_OPEN', ['true', 'false'], ['yes', '1', 'TRUE']],
    [
      'CORS_ORIGINS',
      ['*', 'https://app.example, http://localhost:5173'],
      ['app', 'null', 'http://h/x'],
    ],
    ['EXAMPLE_USERS', ['smedjan', 'smedjan, #mimble!'], ['a b', 'a,', 'spotify:user:a']],
    ['TRUST_PROXY', ['true', '2', '10.0.0.0/8, ::1'], ['yes', '10.0.0.0/33']],
    ['SPOTIFY_API_URL', goodUrls, badUrls],
    ['SPOTIFY_TOKEN_URL', goodUrls, badUrls],
    ['PUBLIC_URL', goodUrls, badUrls],
  ] as const) {
    for (const value of good) t.equal(String((await load({ [name]: value }))[name]), value)
    for (const value of bad) {
      const faults = await faultsOf({ ...required, [name]: value })
      t.strictSame(namesIn(faults), [name], `${name}=${value}`)
    }
  }
})

t.test('the error lists all faults with the allowed values, and never repeats a value', async t => {
  const variables = {
    SPOTIFY_CLIENT_ID: 'canary canary',
    PORT: 'canary',
    LOG_LEVEL: 'canary',
    TRUST_PROXY: 'canary',
    CACHE_FRESH_SECONDS: '86400',
  }
  const error = await failureOf(loadConfig(variables, NO_DOTENV))
  if (!(error instanceof ConfigError)) throw error
  t.equal(error.name, 'ConfigError')
  const secretToo = { ...variables, SPOTIFY_CLIENT_SECRET: '' }
  t.strictSame(namesIn(error.faults), Object.keys(secretToo).sort())
  t.match(error.message, `Invalid configuration:\n  ${error.faults.join('\n  ')}\n`)
  t.match(error.message, /^ {2}PORT: invalid; expected: port .* 0 to 65535/m)
  t.match(error.message, /^ {2}SPOTIFY_CLIENT_SECRET: missing; set it to the client secret/m)
  t.match(error.message, /^ {2}TRUST_PROXY: invalid; expected: .* a number of hops/m)
  t.notMatch(error.message, /canary/)
  t.equal(error.cause, undefined, 'no cause, which could contain a value')
})

t.test('lifetimes that keep a list for over a day are a fault', async t => {
  for (const [fresh, revalidate, ifError, fits] of [
    [43_199, 43_200, 0, true],
    [43_200, 43_200, 0, true],
    [43_201, 43_200, 0, false],
    [43_200, 0, 43_200, true],
    [43_201, 0, 43_200, false],
    [43_200, 43_200, 43_200, true],
    [86_400, 0, 0, true],
    [86_401, 0, 0, false],
    [0, 86_400, 86_400, true],
    [0, 0, 86_401, false],
  ] as const) {
    const variables = {
      CACHE_FRESH_SECONDS: String(fresh),
      CACHE_STALE_WHILE_REVALIDATE_SECONDS: String(revalidate),
      CACHE_STALE_IF_ERROR_SECONDS: String(ifError),
    }
    const sum = `${fresh} + the longer of ${revalidate} and ${ifError}`
    if (fits) t.equal((await load(variables)).CACHE_FRESH_SECONDS, fresh, sum)
    else
      t.match((await faultsOf({ ...required, ...variables })).join('\n'), /^CACHE_.* 86400$/, sum)
  }
})

t.test('a shutdown delay longer than half the shutdown time-out is a fault', async t => {
  for (const [delay, timeout, fits] of [
    [0, 1, true],
    [1, 2, true],
    [4000, 8000, true],
    [4001, 8000, false],
    [1, 1, false],
  ] as const) {
    const variables = { SHUTDOWN_DELAY_MS: String(delay), SHUTDOWN_TIMEOUT_MS: String(timeout) }
    const sizes = `${delay} of ${timeout}`
    if (fits) t.equal((await load(variables)).SHUTDOWN_DELAY_MS, delay, sizes)
    else {
      const faults = await faultsOf({ ...required, ...variables })
      t.strictSame(faults, ['SHUTDOWN_DELAY_MS: at most half of SHUTDOWN_TIMEOUT_MS'], sizes)
    }
  }
})

t.test('a number written in anything but decimal digits is a fault', async t => {
  for (const value of ['0x50', '1e3', '80.0', '+80', ' 80']) {
    t.strictSame(namesIn(await faultsOf({ ...required, PORT: value })), ['PORT'], value)
  }
})

t.test('only the error about missing credentials explains the first steps', async t => {
  for (const variables of [{}, { SPOTIFY_CLIENT_ID: 'id' }, { SPOTIFY_CLIENT_SECRET: 'secret' }]) {
    const { message } = (await failureOf(loadConfig(variables, NO_DOTENV))) as Error
    const copy = 'If there is none, run "(umask 077 && cp .env.example .env)"'
    for (const step of [copy, 'npm run demo', 'SPOTIFY_CLIENT_ID_FILE']) {
      t.match(message, step)
    }
  }
  const { message } = (await failureOf(load({ PORT: 'x' }))) as Error
  t.notMatch(message, 'npm run demo')
})

t.test('a placeholder or quoted credential is a fault, in a variable or a file', async t => {
  const placeholders = [
    'YOUR_CLIENT_ID',
    'your-client-secret',
    'paste_it_here',
    'changeme',
    'CHANGE_ME',
    'replace-me',
    'xxxxxxxx',
    '...',
    '***',
    'CLIENT_ID',
    'spotify_client_secret',
    'TODO',
    'undefined',
    'null',
  ]
  // biome-ignore lint/suspicious/noTemplateCurlyInString: an unfilled template
  const marked = ["'0123'", '`0123`', '<0123>', '${ID}', '{{ID}}', '$ID', '[id]', '(id)', '"0123']
  for (const [name, other] of [
    ['SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET'],
    ['SPOTIFY_CLIENT_SECRET', 'SPOTIFY_CLIENT_ID'],
  ] as const) {
    for (const value of [...placeholders, ...marked]) {
      const dir = t.testdir({ secret: value })
      for (const given of [{ [name]: value }, { [`${name}_FILE`]: `${dir}/secret` }]) {
        const faults = await faultsOf({ [other]: required[other], ...given })
        t.strictSame(namesIn(faults), [name], value)
        t.notOk(faults.join().replaceAll(name, '').includes(value), 'the fault does not contain it')
      }
    }
    for (const value of ['0123456789abcdef0123456789abcdef', 'yours', 'exxxplicit']) {
      t.equal((await load({ [name]: value }))[name], value)
    }
  }
})

t.test('the fault for an invalid proxy URL does not contain the URL', async t => {
  for (const value of [
    'canary:3128',
    'socks5://canary',
    'ftp://canary',
    'http://',
    'http://canary/path',
    'http://canary?x',
    'http://user:can ary@canary',
    'http://user:%zz@canary',
    'http://user:canary@host:port',
    '"http://canary"',
  ]) {
    for (const name of ['HTTPS_PROXY', 'http_proxy']) {
      const faults = await faultsOf({ ...required, [name]: value })
      t.match(faults, [new RegExp(`^${name.toUpperCase()}: invalid; expected: http\\(s\\) URL`)])
      t.equal(faults.length, 1)
      t.notMatch(faults.join(), /canary/, value)
    }
  }
})

t.test('a CACHE_SNAPSHOT_FILE that is not a snapshot is a fault', async t => {
  const dir = t.testdir({ notes: 'about something else', new: {} })
  const faults = (name: string) =>
    faultsOf({ ...required, CACHE_SNAPSHOT_FILE: `${dir}/${name}`, PORT: 'eighty' })
  t.strictSame(namesIn(await faults('new/cache.snapshot')), ['PORT'])
  t.match(await faults('notes'), [
    /^PORT: /,
    'CACHE_SNAPSHOT_FILE: the file is not a snapshot and would be overwritten; choose a new file',
  ])
  t.match(await faults('new'), [/^PORT: /, /^CACHE_SNAPSHOT_FILE: the file is a folder/])
})

t.test('loadConfig rethrows errors other than faults', async t => {
  const bug = new Error('a bug')
  const broken = await t.mockImport<typeof import('../../src/config/load.ts')>(
    '../../src/config/load.ts',
    { '@fastify/env': { default: () => Promise.reject(bug) } },
  )
  t.equal(await failureOf(broken.loadConfig(required, NO_DOTENV)), bug)
})

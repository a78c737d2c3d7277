import t from 'tap'
import { loadConfig, otelVariables } from '../../src/config/load.ts'
import { faultsOf, load, NO_DOTENV, namesIn, required } from './load-support.ts'

t.test('an empty variable counts as not set', async t => {
  const config = await load({ PORT: ' ', PUBLIC_URL: '', SPOTIFY_CLIENT_ID_FILE: '' })
  t.equal(config.PORT, 3000)
  t.notOk('PUBLIC_URL' in config)
  const [fault] = await faultsOf({ ...required, SPOTIFY_CLIENT_ID: '' })
  t.match(fault, /^SPOTIFY_CLIENT_ID: missing/)
})

t.test('the environment overrides the optional .env file', async t => {
  const dir = t.testdir({
    '.env': 'SPOTIFY_CLIENT_ID=from-file\nSPOTIFY_CLIENT_SECRET="quoted"\nPORT=8080\n# comment\n',
  })
  const config = await loadConfig({ PORT: '9090' }, `${dir}/.env`)
  t.hasStrict(config, {
    SPOTIFY_CLIENT_ID: 'from-file',
    SPOTIFY_CLIENT_SECRET: 'quoted',
    PORT: 9090,
  })
  t.equal(
    (await loadConfig({ PORT: '' }, `${dir}/.env`)).PORT,
    3000,
    'an empty variable overrides too',
  )
  t.equal((await loadConfig(required, `${dir}/absent`)).PORT, 3000, 'the file is optional')
  const marked = t.testdir({ '.env': '\uFEFFPORT=8080\r\n' })
  t.equal((await loadConfig(required, `${marked}/.env`)).PORT, 8080, 'a byte order mark is ignored')
})

t.test('variables in .env are checked like environment variables', async t => {
  const dir = t.testdir({ '.env': 'PORT=canary\nSPOTIFY_CLIENT_ID=\n' })
  const faults = await faultsOf({ HOST: 'h' }, `${dir}/.env`)
  t.strictSame(namesIn(faults), ['PORT', 'SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET'])
  t.notMatch(faults.join(), /canary/)
})

t.test('a credential with an unclosed quote in .env is a fault', async t => {
  for (const [name, other] of [
    ['SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET'],
    ['SPOTIFY_CLIENT_SECRET', 'SPOTIFY_CLIENT_ID'],
  ] as const) {
    for (const value of ['"canary', 'canary"', 'can"ary']) {
      const dir = t.testdir({ '.env': `${other}=abc\n${name}=${value}\n` })
      const [fault, ...others] = await faultsOf({}, `${dir}/.env`)
      t.match(fault, new RegExp(`^${name}: invalid; .*quotes`), value)
      t.notMatch(fault, 'canary')
      t.same(others, [])
    }
    const dir = t.testdir({ '.env': `${other}=abc\n${name}="quoted"\n` })
    t.hasStrict(await loadConfig({}, `${dir}/.env`), { [name]: 'quoted', [other]: 'abc' })
  }
})

t.test('an unreadable .env file is a fault and does not hide other faults', async t => {
  const dir = t.testdir({ '.env': {} })
  t.strictSame(await faultsOf(required, `${dir}/.env`), [`${dir}/.env: cannot be read (EISDIR)`])
  const faults = await faultsOf({ ...required, PORT: 'x' }, `${dir}/.env`)
  t.strictSame(namesIn(faults), [`${dir}/.env`, 'PORT'].sort())
})

t.test('a secret can come from a file, ignoring surrounding white space', async t => {
  const dir = t.testdir({ id: 'id-in-file\n', secret: ' \tsecret-in-file\r\n\n', '.env': '' })
  const files = { SPOTIFY_CLIENT_ID_FILE: `${dir}/id`, SPOTIFY_CLIENT_SECRET_FILE: `${dir}/secret` }
  const config = await loadConfig(files, NO_DOTENV)
  t.hasStrict(config, { SPOTIFY_CLIENT_ID: 'id-in-file', SPOTIFY_CLIENT_SECRET: 'secret-in-file' })
  t.notOk('SPOTIFY_CLIENT_ID_FILE' in config)
  t.strictSame(await loadConfig({ ...files, SPOTIFY_CLIENT_ID: '' }, NO_DOTENV), config)
})

t.test('a secret in a file is checked, and the fault does not contain it', async t => {
  const dir = t.testdir({ id: 'canary:canary', secret: '\n' })
  const files = { SPOTIFY_CLIENT_ID_FILE: `${dir}/id`, SPOTIFY_CLIENT_SECRET_FILE: `${dir}/secret` }
  const faults = await faultsOf(files)
  t.strictSame(namesIn(faults), ['SPOTIFY_CLIENT_ID', 'SPOTIFY_CLIENT_SECRET_FILE'])
  t.match(faults.join('\n'), /CLIENT_ID: invalid/)
  t.match(faults.join('\n'), /CLIENT_SECRET_FILE: the file is empty/)
  t.notMatch(faults.join(), /canary/)
})

t.test('a secret set both as a variable and as a file is one fault', async t => {
  const dir = t.testdir({ secret: 'canary', '.env': `SPOTIFY_CLIENT_SECRET=canary\n` })
  const SPOTIFY_CLIENT_SECRET_FILE = `${dir}/secret`
  const NAME = 'SPOTIFY_CLIENT_SECRET'
  const twice = [`${NAME}: set twice, as ${NAME} and as ${NAME}_FILE`]
  t.strictSame(await faultsOf({ ...required, SPOTIFY_CLIENT_SECRET_FILE }), twice)
  const file = { SPOTIFY_CLIENT_ID: 'client-id', SPOTIFY_CLIENT_SECRET_FILE }
  t.strictSame(await faultsOf(file, `${dir}/.env`), twice)
  const invalid = { ...file, SPOTIFY_CLIENT_SECRET: 'canary canary' }
  t.strictSame(await faultsOf(invalid), twice, 'one fault, even if the value is invalid too')
})

t.test('an unreadable secret file is one fault, without the path', async t => {
  const dir = t.testdir({ canary: {} })
  for (const [path, code] of [
    [`${dir}/canary`, 'EISDIR'],
    [`${dir}/canary/absent`, 'ENOENT'],
    ['canary\0', 'ERR_INVALID_ARG_VALUE'],
  ] as const) {
    t.strictSame(await faultsOf({ SPOTIFY_CLIENT_ID: 'a', SPOTIFY_CLIENT_SECRET_FILE: path }), [
      `SPOTIFY_CLIENT_SECRET_FILE: the file cannot be read (${code})`,
    ])
  }
})

t.test('proxy variables can be upper or lower case, and lower case wins', async t => {
  const upper = 'http://upper:1'
  const lower = 'http://lower:2'
  for (const [variables, expected] of [
    [{ HTTPS_PROXY: upper }, upper],
    [{ https_proxy: lower }, lower],
    [{ HTTPS_PROXY: upper, https_proxy: lower }, lower],
    [{ HTTPS_PROXY: upper, https_proxy: '' }, upper],
    [{ HTTPS_PROXY: '', https_proxy: lower }, lower],
    [{ HTTPS_PROXY: '', https_proxy: ' ' }, undefined],
  ] as const) {
    t.equal((await load(variables)).HTTPS_PROXY, expected, JSON.stringify(variables))
  }
  const config = await load({ http_proxy: lower, no_proxy: 'localhost,.example' })
  t.hasStrict(config, { HTTP_PROXY: lower, NO_PROXY: 'localhost,.example' })
  t.notOk('http_proxy' in config)
})

t.test('the environment overrides a proxy in .env even in another case', async t => {
  const dir = t.testdir({ '.env': 'https_proxy=http://file:1\nHTTP_PROXY=http://file:2\n' })
  const fromFile = await loadConfig(required, `${dir}/.env`)
  t.hasStrict(fromFile, { HTTPS_PROXY: 'http://file:1', HTTP_PROXY: 'http://file:2' })
  const variables = { ...required, HTTPS_PROXY: 'http://environment:1', http_proxy: '' }
  const config = await loadConfig(variables, `${dir}/.env`)
  t.equal(config.HTTPS_PROXY, 'http://environment:1')
  t.equal(config.HTTP_PROXY, undefined)
})

t.test('the environment overrides OTEL_ variables in .env', async t => {
  const dir = t.testdir({
    '.env': 'OTEL_TRACES_EXPORTER=otlp\nOTEL_SERVICE_NAME=file\nOTEL_SDK_DISABLED=true\nPORT=1\n',
  })
  const environment = { OTEL_SERVICE_NAME: 'mine', OTEL_SDK_DISABLED: '', HOST: 'x' }
  t.strictSame(otelVariables(environment, `${dir}/.env`), {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_SERVICE_NAME: 'mine',
    OTEL_SDK_DISABLED: '',
  })
  t.strictSame(otelVariables({ PORT: '1' }, NO_DOTENV), {})
})

import t from 'tap'
import { startService } from '../support/service.ts'

const [first, second, third] = ['a', 'b', 'c'].map(letter => letter.repeat(32))
const variables = { API_KEYS: `app:${first},app-2:${second}` }
const LIST = '/users/one/playlists'

t.test('each key in API_KEYS gives access', async t => {
  const { get } = await startService(t, variables)
  for (const authorization of [`Bearer ${first}`, `bearer ${second}`, `BEARER  ${first} `]) {
    t.equal((await get(LIST, { authorization })).statusCode, 200, authorization)
    t.equal((await get('/status', { authorization })).statusCode, 200)
  }
})

t.test('a request without a key gets a challenge and costs no Spotify request', async t => {
  const { get, sandbox } = await startService(t, variables)
  for (const headers of [{}, { authorization: 'Basic' }, { authorization: first as string }]) {
    const response = await get(LIST, headers as Record<string, string>)
    t.equal(response.headers['www-authenticate'], 'Bearer realm="playlist-proxy"')
    t.equal(response.headers['cache-control'], 'no-store')
    t.match(response.json(), { type: '/problems/unknown-api-key', status: 401, detail: /Bearer/ })
  }
  t.equal(sandbox.count('api'), 0)
})

const basic = (credentials: string) =>
  ({ authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }) as const

t.test('a key is accepted as the Basic authentication password, with any user name', async t => {
  const { get, written } = await startService(t, { ...variables, LOG_LEVEL: 'debug' })
  for (const credentials of [`me:${first}`, `:${second}`, `app:${first}`]) {
    t.equal((await get(LIST, basic(credentials))).statusCode, 200)
  }
  const { authorization } = basic(`me:${first}`)
  for (const given of [authorization.replace('Basic', 'BASIC '), `${authorization} `]) {
    t.equal((await get(LIST, { authorization: given })).statusCode, 200, given)
  }
  for (const credentials of [`${first}:`, `${first}:x`, `a:b:${first}`, ':', `me:${third}`]) {
    const response = await get(LIST, basic(credentials))
    t.equal(response.statusCode, 401, credentials)
    t.equal(response.headers['www-authenticate'], 'Bearer realm="playlist-proxy"')
  }
  const echoed = await get(LIST, { ...basic(`me:${first}`), 'x-request-id': String(first) })
  t.not(echoed.headers['x-request-id'], first)
  t.notMatch(written.join(''), new RegExp(`${first}|${authorization.slice(6)}`))
})

t.test('a browser opening a page is asked for the key', async t => {
  const { get } = await startService(t, variables)
  const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
  for (const path of [LIST, '/status', '/nope']) {
    const page = await get(path, html)
    t.equal(page.statusCode, 401)
    t.strictSame(page.headers['www-authenticate'], [
      'Bearer realm="playlist-proxy"',
      'Basic realm="playlist-proxy", charset="UTF-8"',
    ])
    t.match(page.body, 'The operator, who runs this service, gives out the keys.')
    const script = await get(path, { accept: 'application/json, */*' })
    t.equal(script.headers['www-authenticate'], 'Bearer realm="playlist-proxy"')
  }
  const mirror = await get('/v1/users/one/playlists', html)
  t.equal(mirror.headers['www-authenticate'], 'Bearer realm="playlist-proxy"')
  t.equal((await get('/', html)).statusCode, 200)
  t.equal((await get(LIST, { ...html, ...basic(`me:${first}`) })).statusCode, 200)
})

t.test('the challenge distinguishes an unknown key from a missing key', async t => {
  const { get } = await startService(t, variables)
  for (const key of [third, `${first}a`, first?.slice(1), 'x', first?.toUpperCase()]) {
    const response = await get(LIST, { authorization: `Bearer ${key}` })
    t.equal(response.statusCode, 401, String(key))
    t.equal(
      response.headers['www-authenticate'],
      'Bearer realm="playlist-proxy", error="invalid_token"',
    )
  }
})

t.test("below /v1 the problem for a missing key has Spotify's format", async t => {
  const { get } = await startService(t, variables)
  const response = await get('/v1/users/one/playlists')
  t.match(response.headers, { 'www-authenticate': /^Bearer/, 'content-type': 'application/json' })
  t.strictSame(Object.keys(response.json()), ['error'])
  t.match(response.json(), { error: { status: 401, message: String } })
})

t.test('health checks and documentation need no key', async t => {
  const { get, app } = await startService(t, variables)
  await app.ready()
  for (const [path, status] of [
    ['/health/live', 200],
    ['/openapi.yaml', 200],
    ['/docs', 200],
    ['/docs/', 200],
    ['/docs/static/index.css', 200],
    ['/problems', 200],
    ['/problems/unknown-api-key', 200],
    ['/problems/none', 404],
    ['/robots.txt', 200],
  ] as const) {
    t.equal((await get(path)).statusCode, status, path)
  }
})

t.test('every other path needs a key, in any method and spelling', async t => {
  const { app } = await startService(t, variables)
  for (const url of [LIST, '/v1/users/one/playlists', '/status', '/x', '/docs/../status']) {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'] as const) {
      t.equal((await app.inject({ method, url })).statusCode, 401, `${method} ${url}`)
    }
  }
  for (const url of [
    '//health/live',
    '/HEALTH/live',
    '/health',
    '/healthx',
    '/problemsx',
    '/docsx',
    '/assets',
    '/robots.txtx',
  ]) {
    t.equal((await app.inject({ url })).statusCode, 401, url)
  }
})

t.test('responses to callers with a key are private', async t => {
  const { get } = await startService(t, variables)
  const headers = { authorization: `Bearer ${first}` }
  for (const path of [LIST, LIST, '/v1/users/one/playlists']) {
    t.match((await get(path, headers)).headers['cache-control'], /^private, max-age=300, stale/)
  }
  const open = await startService(t)
  t.match((await open.get(LIST, headers)).headers['cache-control'], /^public, /, 'without keys')
})

for (const [host, API_KEYS, warnings] of [
  ['0.0.0.0', '', 1],
  ['::', '', 1],
  ['127.0.0.1', '', 0],
  ['::1', '', 0],
  ['localhost', '', 0],
  ['0.0.0.0', variables.API_KEYS, 0],
] as const) {
  t.test(
    `listening on ${host} ${API_KEYS ? 'with' : 'without'} API keys logs ${warnings} warnings`,
    async t => {
      const { app, lines } = await startService(t, { API_KEYS })
      await app.listen({ host, port: 0 })
      const warned = lines().filter(({ msg }) => /without API_KEYS/.test(msg))
      t.equal(warned.length, warnings)
      for (const line of warned) t.match(line, { level: 'warn', addresses: [host] })
    },
  )
}

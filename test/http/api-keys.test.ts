import t from 'tap'
import { startService } from '../support/service.ts'

const [first, second, third] = ['a', 'b', 'c'].map(letter => letter.repeat(32))
const variables = { API_KEYS: `app:${first},app-2:${second}` }
const LIST = '/users/one/playlists'

t.test('each of the keys gives access', async t => {
  const { get } = await startService(t, variables)
  for (const authorization of [`Bearer ${first}`, `bearer ${second}`, `BEARER  ${first} `]) {
    t.equal((await get(LIST, { authorization })).statusCode, 200, authorization)
    t.equal((await get('/status', { authorization })).statusCode, 200)
  }
})

t.test('a request without a key gets a challenge and costs no request to Spotify', async t => {
  const { get, sandbox } = await startService(t, variables)
  for (const headers of [{}, { authorization: 'Basic YTpi' }, { authorization: first as string }]) {
    const response = await get(LIST, headers as Record<string, string>)
    t.equal(response.headers['www-authenticate'], 'Bearer realm="playlist-proxy"')
    t.equal(response.headers['cache-control'], 'no-store')
    t.match(response.json(), { type: '/problems/unknown-api-key', status: 401, detail: /Bearer/ })
  }
  t.equal(sandbox.count('api'), 0)
})

t.test('the challenge tells an unknown key from a missing one', async t => {
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

t.test("below /v1 the refusal has Spotify's format", async t => {
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
  t.test(`on ${host} ${API_KEYS ? 'with' : 'without'} keys ${warnings} warnings`, async t => {
    const { app, lines } = await startService(t, { API_KEYS })
    await app.listen({ host, port: 0 })
    const warned = lines().filter(({ msg }) => /without API_KEYS/.test(msg))
    t.equal(warned.length, warnings)
    for (const line of warned) t.match(line, { level: 'warn', addresses: [host] })
  })
}

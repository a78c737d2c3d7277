import fc from 'fast-check'
import t from 'tap'
import { ODD_NAMES, plainId } from '../../support/id-classes.ts'
import { startService } from '../../support/service.ts'

t.test("an unencoded profile link is redirected to the user's path", async t => {
  const { app, get, sandbox } = await startService(t)
  const here = '/users/smedjan/playlists'
  for (const [path, location] of [
    ['/users/https://open.spotify.com/user/smedjan', here],
    ['/users/https://open.spotify.com/user/smedjan?si=0a1b&nd=1', here],
    ['/users/https://open.spotify.com/user/smedjan/playlists', here],
    ['/users/https://open.spotify.com/user/smedjan?si=0a1b/playlists', here],
    ['/users/https://open.spotify.com/user/smedjan&si=0a1b', here],
    ['/users/https:/open.spotify.com/user/smedjan', here],
    ['/users/https:/open.spotify.com/user/smedjan/playlists/', here],
    ['/users/http://open.spotify.com/intl-de/user/SMEDJAN/playlist/37i9dQ', here],
    ['/users/open.spotify.com/user/smedjan/playlists', here],
    ['/users//open.spotify.com/user/smedjan', here],
    ['/users/user/smedjan/playlists', here],
    ['/users/https://api.spotify.com/v1/users/smedjan/playlists?offset=0', `${here}?offset=0`],
    // Python quotes a path like this, and keeps its slashes.
    ['/users/https%3A//open.spotify.com/user/smedjan%3Fsi%3D0a1b/playlists', here],
    [
      '/users/https://open.spotify.com/user/smedjan?si=1&limit=5&offset=2&x=3',
      `${here}?limit=5&offset=2`,
    ],
    [
      '/users/https://open.spotify.com/user/smedjan?si=1/playlists?format=csv',
      `${here}?format=csv`,
    ],
    ['/users/https://open.spotify.com/user/smedjan?limit=x', `${here}?limit=x`],
    ['/v1/users/https://open.spotify.com/user/smedjan?limit=5', `/v1${here}?limit=5`],
    ['/V1/users/open.spotify.com/user/smedjan', `/v1${here}`],
    ['/users/https://open.spotify.com/user/%23mimble!', '/users/%23mimble!/playlists'],
    ['/users/https://open.spotify.com/user/ann%2E', '/users/spotify%3Auser%3Aann%252E/playlists'],
  ] as const) {
    for (const method of ['GET', 'HEAD'] as const) {
      const { statusCode, headers, body } = await app.inject({ method, url: path })
      t.equal(statusCode, 308, path)
      t.equal(headers.location, location, path)
      t.equal(headers['cache-control'], 'no-store')
      t.match(headers, { 'x-request-id': /./, 'x-content-type-options': 'nosniff' })
      t.equal(body, '')
    }
  }
  t.equal(sandbox.count('api'), 0)
  const { headers } = await get('/users/https://open.spotify.com/user/one?si=1&format=text')
  t.match((await get(String(headers.location))).body, /^ {3}1 spotify:playlist:/)
})

t.test('every redirect target works, whatever the user name', async t => {
  const { get } = await startService(t, { PUBLIC_URL: 'https://lists.example/base/' })
  const name = fc.oneof(plainId, fc.constantFrom(...ODD_NAMES))
  const link = fc.constantFrom('https://open.spotify.com/user/', 'spotify.com/user/', 'user/')
  const root = fc.constantFrom('/users/', '/v1/users/')
  const property = fc.asyncProperty(root, link, name, async (root, link, name) => {
    const { statusCode, headers } = await get(`${root}${link}${encodeURIComponent(name)}?limit=3`)
    const location = String(headers.location)
    if (statusCode !== 308 || !location.startsWith(`/base${root}`)) return false
    return (await get(location.slice('/base'.length))).statusCode === 200
  })
  await t.resolves(fc.assert(property, { numRuns: 60 }))
})

t.test('a link without a user in the path is refused with a reason', async t => {
  const { app, get, sandbox } = await startService(t)
  for (const [path, detail] of [
    [
      '/users/https://open.spotify.com/playlist/37i9dQZF1DX',
      /not the link or URI of a Spotify user/,
    ],
    ['/users/https://evil.example/user/smedjan', /not the link or URI of a Spotify user/],
    [
      '/users/https://open.spotify.com.evil.example/user/smedjan',
      /not the link or URI of a Spotify user/,
    ],
    ['/users/https://spotify.link/AbC', /short link/],
    ['/users/spotify.link/AbC/playlists', /short link/],
    ['/users/https://open.spotify.com/user/%2523mimble!', /encoded twice/],
    ['/users/https://open.spotify.com/user/{id}', /placeholder/],
    ['/users/https://open.spotify.com/user/', /empty/],
  ] as const) {
    const response = await get(path)
    t.match(response.json(), { type: '/problems/invalid-user-id', status: 400, detail }, path)
    t.same(Object.keys((await get(`/v1${path}`)).json()), ['error'])
  }
  for (const path of ['/users/a/b', '/users/max.muster/albums', '/users/evil.example/user/x']) {
    t.match((await get(path)).json(), { type: '/problems/not-found', status: 404 }, path)
  }
  const url = '/users/https://open.spotify.com/user/smedjan'
  const written = await app.inject({ method: 'POST', url })
  t.match(written.json(), { type: '/problems/not-found' }, 'only GET and HEAD are redirected')
  t.equal(sandbox.count('api'), 0)
})

t.test('with API keys, only callers with a key are redirected', async t => {
  const key = 'k'.repeat(32)
  const { get } = await startService(t, { API_KEYS: `a:${key}` })
  const path = '/users/https://open.spotify.com/user/smedjan'
  t.equal((await get(path)).statusCode, 401)
  t.equal((await get(path, { authorization: `Bearer ${key}` })).statusCode, 308)
  t.equal((await get('/healthz')).statusCode, 401)
})

t.test('the problem for an unknown path suggests the likely path', async t => {
  const { get } = await startService(t)
  for (const [meant, ...paths] of [
    [
      '/users/smedjan/playlists',
      ...['/users/smedjan', '/users/smedjan/', '/users/SMEDJAN/playlists/', '/user/smedjan'],
      ...['/user/smedjan/playlists', '/Users/smedjan/Playlists', '/users/smedjan/playlist'],
      ...['//users//smedjan//playlists', '/users/smedjan/playlists.json', '/api/users/smedjan'],
      ...['/users/smedjan/playlists%20', '/smedjan/playlists', '/playlists/smedjan'],
      ...['/users/spotify:user:smedjan', '/users/%22smedjan%22', '/users/smedjan/playlists/all'],
    ],
    ['/users/%23mimble!/playlists', '/users/%23mimble!', '/playlists/%23MIMBLE!'],
    ['/users/spotify%3Auser%3Aann%252E/playlists', '/users/spotify%3Auser%3Aann%252E'],
    ['/users/{id}/playlists', '/me/playlists', '/users/%7Bid%7D', '/users/a%20b', '/users/me'],
    ['/users/{id}/playlists', '/users/37i9dQZF1DXcBWIGoYBM5M', `/users/${'x'.repeat(101)}`],
    [
      '/v1/users/smedjan/playlists',
      ...['/v1/users/smedjan', '/v1/users/smedjan/playlists/', '/V1/users/smedjan/playlists'],
      ...['/v1/user/smedjan/playlists', '/api/v1/users/smedjan/playlists'],
    ],
    ['/v1/users/{id}/playlists', '/v1/me/playlists'],
    ['/health/live or /health/ready', '/health', '/healthz', '/health/', '/Health'],
    ['/health/live', '/livez', '/live', '/health/live/', '/HEALTH/LIVE', '/ping'],
    ['/health/ready', '/readyz', '/ready', '/health//ready'],
    ['/metrics', '/metrics/', '/prometheus', '/Metrics'],
    ['/status', '/status/', '/info'],
    ['/problems', '/problem', '/Problems'],
    [
      '/openapi.yaml',
      '/openapi.json',
      '/openapi',
      '/openapi.yml',
      '/swagger.json',
      '/OpenAPI.yaml',
    ],
    ['/docs/', '/swagger', '/swagger-ui/', '/Docs', '/redoc'],
  ] as const) {
    for (const path of paths) {
      const { statusCode, body, headers } = await get(path)
      const detail = `There is nothing here. You probably mean ${meant}.`
      t.equal(statusCode, 404, path)
      t.equal(JSON.parse(body).error.message, detail, path)
      const isMirror = path.startsWith('/v1/')
      t.equal(headers['content-type'], `application/${isMirror ? '' : 'problem+'}json`)
    }
  }
})

t.test('the problem for any other path names the playlists path', async t => {
  const { get } = await startService(t)
  const where =
    /There is nothing here\. The playlists of a user are at \/users\/\{id\}\/playlists\./
  for (const path of ['/users', '/nowhere', '/me', '/a/b/c', '/constructor', '/__proto__']) {
    const problem = (await get(path)).json()
    t.match(problem, { type: '/problems/not-found', detail: where, instance: path }, path)
  }
  const below = /at \/v1\/users\/\{id\}\/playlists\./
  for (const path of ['/v1', '/v1/', '/v1/me', '/v1/playlists/37i9dQZF1DXcBWIGoYBM5M', '/v1/x']) {
    t.match((await get(path)).json(), { error: { status: 404, message: below } }, path)
  }
  const base = await startService(t, { PUBLIC_URL: 'https://lists.example/base/' })
  t.match((await base.get('/nowhere')).json().detail, ' at /base/users/{id}/playlists.')
  t.match((await base.get('/healthz')).json().detail, '/base/health/live or /base/health/ready')
})

t.test('a key in a path parameter reaches neither the response nor the log', async t => {
  const { get, written } = await startService(t)
  for (const path of ['/users/smedjan;key=canary', '/users/smedjan%3Bkey=canary/', '/x;a=canary']) {
    const { detail } = (await get(path)).json()
    t.match(detail, '/users/{id}/playlists')
    t.notMatch(detail, 'canary')
  }
  t.notMatch(written.join(''), 'canary')
})

t.test('a problem never contains a hostile path unescaped', async t => {
  const { get } = await startService(t)
  for (const path of [
    '/users/%3Cscript%3E',
    '/<script>/playlists',
    '/users/%0d%0ax%3A%20y',
    '/users/a%22b',
  ]) {
    const { detail } = (await get(path)).json()
    t.notMatch(detail, /[<>"\r\n]/, path)
    t.ok(detail.length < 400)
  }
})

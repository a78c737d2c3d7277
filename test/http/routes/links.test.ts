import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ADMIN_KEY, admin, linkedServiceFor } from '../../links/linked-service.ts'
import { startService } from '../../support/service.ts'

const DAY_MS = 86_400_000
const API_KEY = 'b'.repeat(32)
const caller = { authorization: `Bearer ${API_KEY}` }
const LIST = '/users/with-private/playlists'

t.test('without LINKS_FILE the linked account paths do not exist', async t => {
  const { app } = await startService(t)
  for (const [method, url] of [
    ['POST', '/links'],
    ['GET', '/links'],
    ['DELETE', '/links/one'],
    ['GET', '/link/x'],
    ['POST', '/link/x'],
    ['GET', '/link/callback'],
  ] as const) {
    t.equal((await app.inject({ method, url })).statusCode, 404, `${method} ${url}`)
  }
  t.notOk('links' in (await app.inject('/status')).json())
})

t.test('the redirect URI is logged on start', async t => {
  const { lines } = await linkedServiceFor(t, [])
  const redirect_uri = 'http://127.0.0.1:3000/link/callback'
  t.match(
    lines().find(line => 'redirect_uri' in line),
    { level: 'info', redirect_uri, links: 0 },
  )
})

t.test(
  'in Development Mode the service reads linked users, also page by page, and no other users',
  async t => {
    const { get, sandbox } = await linkedServiceFor(t, ['with-private'])
    const list = await get(LIST)
    t.equal(list.statusCode, 200)
    const shown = sandbox.user('with-private')?.filter(entry => entry?.public === true) ?? []
    t.same(
      list.json().items.map(({ id }: { id: string }) => id),
      shown.map(entry => entry?.id),
    )
    t.match(list.headers['cache-control'], /^private, /)
    const page = await get('/v1/users/with-private/playlists?limit=1')
    t.equal(page.json().total, shown.length)
    t.match(page.headers['cache-control'], /^private, /)
    t.match((await get('/users/one/playlists')).json(), { type: '/problems/spotify-access-denied' })
  },
)

t.test('repeated hits for a linked user stay private, and end with the link', async t => {
  const { get, app, sandbox } = await linkedServiceFor(t, ['with-private'], {}, 'info')
  const address = await app.listen({ port: 0 })
  t.equal((await get(LIST)).statusCode, 200)
  const sent = sandbox.count('api')
  for (let time = 0; time < 3; time++) {
    const response = await fetch(address + LIST)
    t.match(response.headers.get('cache-control'), /^private, /)
    await response.text()
  }
  t.equal(sandbox.count('api'), sent)
  await app.inject({ method: 'DELETE', url: '/links/with-private', headers: admin })
  t.equal((await fetch(address + LIST)).status, 502)
  t.equal((await get(LIST)).statusCode, 502)
})

t.test(
  'the refusal for an impossible user id says what to put into the invitation body',
  async t => {
    const { app } = await linkedServiceFor(t, [])
    const payload = { user: '{id}' }
    const response = await app.inject({ method: 'POST', url: '/links', payload, headers: admin })
    t.equal(response.statusCode, 400)
    t.match(response.json(), {
      type: '/problems/invalid-user-id',
      detail:
        'Member "user": This looks like a placeholder, not like a user id. Send the user id, or the link that "Copy link to profile" in Spotify gives.',
    })
  },
)

t.test('an admin invites the account owner', async t => {
  const { app, clock } = await linkedServiceFor(t, [])
  const post = (payload: unknown, headers = {}) =>
    app.inject({
      method: 'POST',
      url: '/links',
      payload: payload as object,
      headers: { ...admin, ...headers },
    })
  const response = await post({ user: 'https://open.spotify.com/user/Smedjan?si=x' })
  t.equal(response.statusCode, 201)
  t.match(response.headers, { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
  const { user, page, expires_at, ...rest } = response.json()
  t.same(rest, {})
  t.equal(user, 'smedjan')
  t.match(page, /^http:\/\/localhost:80\/link\/eyJ[\w.-]+$/)
  t.equal(Date.parse(expires_at), clock.now() + DAY_MS)
  t.match((await post({ user: ' ' })).json(), { type: '/problems/invalid-user-id' })
})

const EXPECTED =
  'The body must be a JSON object such as {"user": "smedjan"}, of at most 16 kB, with the Content-Type application/json.'

t.test('an invitation without a valid JSON body gets a problem that says what to send', async t => {
  const { app } = await linkedServiceFor(t, [])
  const send = (payload: string, type: string | undefined) => {
    const headers = { ...admin, ...(type !== undefined && { 'content-type': type }) }
    return app.inject({ method: 'POST', url: '/links', payload, headers })
  }
  const type = 'application/json'
  for (const [body, contentType] of [
    ['{}', type],
    ['{"user":{}}', type],
    ['{"user":["a","b"]}', type],
    ['[]', type],
    ['"smedjan"', type],
    ['null', type],
    ['{', type],
    ['{"user":"smedjan","__proto__":{}}', type],
    ['', type],
    ['', undefined],
    ['user=smedjan', 'application/x-www-form-urlencoded'],
    ['{"user":"smedjan"}', 'text/plain'],
    ['{"user":"smedjan"}', undefined],
    ['{"user":"smedjan"}', 'nonsense'],
    [`{"user":"${'x'.repeat(20_000)}"}`, type],
  ] as const) {
    const refused = await send(body, contentType)
    const expected = { type: '/problems/bad-request', status: 400, detail: EXPECTED }
    t.match(refused.json(), expected, `${contentType} ${body.slice(0, 40)}`)
  }
})

t.test('a body or Content-Type is refused on a request that takes no body', async t => {
  const { app } = await linkedServiceFor(t, [])
  const send = (url: string, payload: string, type?: string) => {
    const headers = { ...admin, ...(type !== undefined && { 'content-type': type }) }
    return app.inject({ method: 'DELETE', url, payload, headers })
  }
  t.equal((await send('/links/one', '')).statusCode, 204)
  for (const [url, body, type] of [
    ['/links/one', '', 'application/json'],
    ['/links/one', '{', 'application/json'],
    ['/links/one', 'x', 'text/strange'],
    ['/nothing', '{', 'application/json'],
  ] as const) {
    const detail = 'Send this request without a body and without the header Content-Type.'
    t.match((await send(url, body, type)).json(), { status: 400, detail }, `${url} ${body}`)
  }
})

t.test('the owner address begins with PUBLIC_URL', async t => {
  const { app } = await linkedServiceFor(t, [], { PUBLIC_URL: 'https://lists.example/base/' })
  const response = await app.inject({
    method: 'POST',
    url: '/links',
    payload: { user: 'one' },
    headers: { ...admin, host: 'other.example' },
  })
  t.match(response.json().page, /^https:\/\/lists\.example\/base\/link\/eyJ/)
  const { redirect_uri } = (await app.inject({ url: '/links', headers: admin })).json()
  t.equal(redirect_uri, 'https://lists.example/base/link/callback')
})

t.test('the admin list of links contains no token', async t => {
  const { get, sandbox, file } = await linkedServiceFor(t, ['with-private', 'smedjan'])
  await get(LIST)
  const response = await get('/links', { ...admin, host: 'other.example' })
  t.equal(response.headers['cache-control'], 'no-store')
  const { redirect_uri, links } = response.json()
  t.equal(redirect_uri, 'http://127.0.0.1:3000/link/callback')
  t.match(links, [
    { user: 'with-private', state: 'active', last_used_at: /Z$/, reason: null, remedy: null },
    { user: 'smedjan', state: 'active', last_used_at: null },
  ])
  t.notMatch(response.body, /token|eyJ/i)
  t.match((await get('/status')).json().links, { state: 'ok', active: 2, ended: 0 })
  t.notMatch(readFileSync(file, 'utf8'), sandbox.clientSecret)
})

t.test('when an admin unlinks an account, the list leaves the cache and the snapshot', async t => {
  const snapshot = join(t.testdir({}), 'snapshot')
  const variables = { CACHE_SNAPSHOT_FILE: snapshot }
  const { app, get, restart, file } = await linkedServiceFor(t, ['with-private'], variables)
  await get(LIST)
  const remove = (user: string) =>
    app.inject({ method: 'DELETE', url: `/links/${user}`, headers: admin })
  const { cache: before } = (await get('/status')).json()
  const response = await remove('with-private')
  t.equal(response.statusCode, 204)
  t.equal(response.body, '')
  t.equal(response.headers['cache-control'], 'no-store')
  t.match(before, { entries: 1 })
  t.match((await get('/status')).json().cache, { entries: 0, bytes: 0 })
  t.equal(readFileSync(file, 'utf8'), '{"version":1,"links":{}}\n')
  t.equal(readFileSync(snapshot, 'latin1').split('\n')[1], '', 'the snapshot is empty')
  t.equal((await remove('with-private')).statusCode, 204, 'again')
  t.equal((await remove('never-linked')).statusCode, 204)
  t.match((await remove('%20')).json(), { type: '/problems/invalid-user-id' })
  await restart()
  t.equal((await get(LIST)).statusCode, 502)
})

t.test('unlinking removes a snapshot that it cannot rewrite, or else fails', async t => {
  const folder = t.testdir({})
  const snapshot = join(folder, 'snapshot')
  const users = ['with-private', 'smedjan']
  const service = await linkedServiceFor(t, users, { CACHE_SNAPSHOT_FILE: snapshot })
  const { get, restart } = service
  await get(LIST)
  await get('/users/smedjan/playlists')
  await restart()
  const remove = (user: string) =>
    service.app.inject({ method: 'DELETE', url: `/links/${user}`, headers: admin })
  // Not even root can replace a folder with a file.
  mkdirSync(join(folder, 'snapshot.tmp', 'full'), { recursive: true })
  t.ok(existsSync(snapshot))
  t.equal((await remove('with-private')).statusCode, 204)
  t.notOk(existsSync(snapshot))
  mkdirSync(snapshot)
  const failed = await remove('smedjan')
  t.match(failed.json(), { type: '/problems/internal-error', detail: /CACHE_SNAPSHOT_FILE/ })
  t.equal((await remove('smedjan')).statusCode, 500, 'not done yet')
  rmSync(folder, { recursive: true })
  mkdirSync(folder)
  t.equal((await remove('smedjan')).statusCode, 204)
})

t.test('an unwritable LINKS_FILE does not count as a Spotify failure', async t => {
  const { app, get, file, lines, sandbox, clock } = await linkedServiceFor(t, ['with-private'])
  // Not even root can replace a folder with a file.
  mkdirSync(join(`${file}.tmp`, 'full'), { recursive: true })
  const sent = sandbox.count('api')
  const failed = await get(LIST)
  t.match(failed.json(), { type: '/problems/internal-error', detail: /must check LINKS_FILE/ })
  t.equal(sandbox.count('api'), sent)
  const written = lines().find(({ msg }) => msg === 'cannot write the file of linked accounts')
  t.match(written, { level: 'error', err: { code: /^E/ } })
  t.match((await get('/status')).json(), {
    links: { state: 'unwritable' },
    spotify: { gate: 'open' },
  })
  const removed = await app.inject({ method: 'DELETE', url: '/links/x', headers: admin })
  t.match(removed.json(), { type: '/problems/internal-error' })
  rmSync(`${file}.tmp`, { recursive: true })
  await clock.advance(60_000)
  t.equal((await get(LIST)).statusCode, 200)
})

t.test("a linked user's list survives a restart, but not the end of the link", async t => {
  const snapshot = join(t.testdir({}), 'snapshot')
  const variables = { CACHE_SNAPSHOT_FILE: snapshot }
  const { get, restart, sandbox, file } = await linkedServiceFor(t, ['with-private'], variables)
  t.equal((await get(LIST)).statusCode, 200)
  const sent = sandbox.count('api')
  await restart()
  t.match((await get(LIST)).headers['cache-status'], /hit/)
  t.equal(sandbox.count('api'), sent)
  await restart({ LINKS_FILE: `${file}.other` })
  t.match((await get(LIST)).json(), { type: '/problems/spotify-access-denied' })
  t.ok(existsSync(file))
  await restart({ LINKS_FILE: file })
  t.match((await get('/status')).json().cache, { entries: 0 }, 'it is gone from the snapshot')
})

t.test('a list arriving after the end of the link is not stored', async t => {
  const { app, get, sandbox, clock } = await linkedServiceFor(t, ['with-private'])
  const sent = sandbox.count('api')
  const release = sandbox.hold('api')
  const looked = get(LIST)
  await sandbox.arrived('api', sent + 1)
  await app.inject({ method: 'DELETE', url: '/links/with-private', headers: admin })
  release()
  t.match((await clock.runUntil(looked)).json(), { type: '/problems/spotify-unavailable' })
  t.match((await get('/status')).json().cache, { entries: 0 })
})

t.test('a waiting lookup gets no stale list if the account is unlinked meanwhile', async t => {
  const { app, get, sandbox, clock } = await linkedServiceFor(t, ['with-private'])
  t.equal((await get(LIST)).statusCode, 200)
  clock.suspend(600_000)
  const sent = sandbox.count('api')
  const release = sandbox.hold('api')
  const looked = get(LIST, { 'cache-control': 'no-cache' })
  await clock.runUntil(sandbox.arrived('api', sent + 1))
  await app.inject({ method: 'DELETE', url: '/links/with-private', headers: admin })
  release()
  t.match((await clock.runUntil(looked)).json(), { type: '/problems/spotify-unavailable' })
})

const ADMIN_ROUTES = [
  ['GET', '/links'],
  ['HEAD', '/links'],
  ['POST', '/links'],
  ['DELETE', '/links/one'],
  ['PUT', '/links'],
  ['GET', '/links/one'],
] as const

for (const keys of [undefined, `caller:${API_KEY}`]) {
  t.test(`only admins manage links, ${keys ? 'with' : 'without'} API_KEYS`, async t => {
    const variables = keys === undefined ? {} : { API_KEYS: keys }
    const { app, get } = await linkedServiceFor(t, ['smedjan'], variables)
    for (const [method, url] of ADMIN_ROUTES) {
      const ask = (headers: Record<string, string>) => app.inject({ method, url, headers })
      for (const headers of [{}, { authorization: `Bearer ${'x'.repeat(32)}` }]) {
        const refused = await ask(headers as Record<string, string>)
        t.equal(refused.statusCode, 401, `${method} ${url}`)
        t.match(refused.headers['www-authenticate'], /^Bearer/)
      }
      const known = await ask(caller)
      t.equal(known.statusCode, keys === undefined ? 401 : 403)
      if (keys !== undefined && method !== 'HEAD') {
        t.match(known.json(), { type: '/problems/not-admin' })
      }
    }
    t.equal((await get('/links', admin)).statusCode, 200)
    const basic = Buffer.from(`me:${ADMIN_KEY}`).toString('base64')
    t.equal((await get('/links', { authorization: `Basic ${basic}` })).statusCode, 200)
    t.equal((await get('/users/smedjan/playlists', admin)).statusCode, 200)
    t.equal((await get('/users/smedjan/playlists')).statusCode, keys === undefined ? 200 : 401)
    t.match((await get('/status', admin)).json().links, { active: 1 })
  })
}

t.test('other methods on /links paths get 405 with the allowed methods', async t => {
  const { app } = await linkedServiceFor(t, [])
  const allowed = async (method: 'PUT' | 'GET', url: string) => {
    const { statusCode, headers } = await app.inject({ method, url, headers: admin })
    t.equal(statusCode, 405)
    return headers.allow
  }
  t.equal(await allowed('PUT', '/links'), 'GET, HEAD, POST')
  t.equal(await allowed('GET', '/links/one'), 'DELETE')
})

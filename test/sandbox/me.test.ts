import t from 'tap'
import { playlist } from '../../sandbox/users.ts'
import { consentFor, sandboxFor } from './support.ts'

async function linkable(t: Parameters<typeof sandboxFor>[0]) {
  const client = await sandboxFor(t)
  return { ...client, ...consentFor(client) }
}

t.test("/v1/me returns the token user's profile", async t => {
  const { link, get } = await linkable(t)
  const { access_token: token } = await link('#mimble!')
  const { status, json } = await get('/v1/me', token)
  t.equal(status, 200)
  t.match(json(), {
    id: '#mimble!',
    account_id: /^[0-9a-f]{32}$/,
    href: 'https://api.spotify.com/v1/users/%23mimble!',
    type: 'user',
    uri: 'spotify:user:%23mimble!',
  })
})

t.test('/v1/me and /v1/me/playlists need a user token', async t => {
  const { call, bearer } = await linkable(t)
  const headers = await bearer()
  for (const path of ['/v1/me', '/v1/me/playlists']) {
    const { status, json } = await call('GET', path, headers)
    t.equal(status, 401, path)
    t.equal(json().error.message, 'Valid user authentication required')
    t.equal((await call('GET', path)).json().error.message, 'No token provided')
  }
})

t.test("a page of /v1/me/playlists links to the user's endpoint", async t => {
  const { sandbox, link, get } = await linkable(t)
  const { access_token: token } = await link('smedjan')
  const page = (await get('/v1/me/playlists?limit=50&offset=50', token)).json()
  const url = (offset: number) =>
    `${sandbox.apiUrl}/users/smedjan/playlists?offset=${offset}&limit=50`
  t.same([page.previous, page.href, page.next], [url(0), url(50), url(100)])
  t.same(page.items, sandbox.user('smedjan')?.slice(50, 100))
  t.equal(page.total, 120)
  t.match(sandbox.requests.at(-1), { kind: 'api', userId: 'smedjan', offset: 50 })
  t.equal((await get('/v1/me/playlists?limit=51', token)).status, 400)
  t.equal((await get('/v1/me/playlists?offset=100001', token)).status, 400)
  t.equal((await get('/v1/me/playlists?offset=500', token)).json().items.length, 0)
})

t.test('private playlists need a scope, and an app token cannot read them', async t => {
  const { sandbox, link, get, bearer, call } = await linkable(t)
  const [shown, hidden, shared] = [0, 1, 2].map(index => playlist('new', index))
  const followed = playlist('wizzler', 3)
  sandbox.setUser('new', [
    { ...playlist('new', 4), ...shown, public: true },
    null,
    { ...playlist('new', 5), ...hidden, public: false },
    { ...followed, public: false },
    { ...playlist('new', 6), public: null },
    { ...playlist('new', 7), ...shared, public: false, collaborative: true },
  ])
  const flags = async (scope?: string) => {
    const { access_token: token } = await link('new', scope)
    const { items, total } = (await get('/v1/me/playlists', token)).json()
    t.equal(items.length, total)
    return items.map((entry: { public: boolean | null } | null) => entry?.public ?? null)
  }
  t.same(await flags(), [true, null, null])
  t.same(await flags('playlist-read-private'), [true, null, false, false, null])
  t.same(await flags('playlist-read-collaborative'), [true, null, null, false])
  const both = 'playlist-read-private playlist-read-collaborative'
  t.same(await flags(both), [true, null, false, false, null, false])
  const { total } = (await call('GET', '/v1/users/new/playlists', await bearer())).json()
  t.equal(total, 3)

  sandbox.switches.leaksPrivate = true
  t.same(await flags(), [true, null, false, false, null, false])
  sandbox.switches.publicFlag = 'always-true'
  t.same(await flags(), [true, null, true, true, true, true])
  sandbox.switches.leaksPrivate = false
  t.same(await flags(), [true, null, true])
})

t.test('generated users can have private playlists between public playlists', async t => {
  const { sandbox, control, link, get } = await linkable(t)
  const flagsOf = (user: string) => sandbox.user(user)?.map(entry => entry?.public !== false)
  t.equal(flagsOf('with-private')?.filter(isPublic => isPublic).length, 120)
  t.same(flagsOf('with-private')?.slice(0, 4), [true, false, true, false])
  const put = { playlists: 2, private_playlists: 5 }
  t.equal((await control('PUT', '/users/new', put)).status, 204)
  t.same(flagsOf('new'), [true, false, true, false, false, false, false])
  const { access_token: token } = await link('new')
  t.equal((await get('/v1/me/playlists', token)).json().total, 2)
  const { access_token: wide } = await link('new', 'playlist-read-private')
  t.equal((await get('/v1/me/playlists', wide)).json().total, 7)
})

t.test("in Development Mode only registered users' lists can be read", async t => {
  const { sandbox, call, bearer, link, get } = await linkable(t)
  const { access_token: token } = await link('smedjan')
  const app = await bearer()
  sandbox.switches.mode = 'development'
  const refused = async (path: string, headers: Record<string, string>) => {
    const { status, text } = await call('GET', path, headers)
    return [status, text]
  }
  const forbidden = [403, '{"error": {"status": 403, "message": "Forbidden" } }']
  const user = { authorization: `Bearer ${token}` }
  t.same(await refused('/v1/users/smedjan/playlists', app), forbidden)
  t.same(
    await refused('/v1/users/smedjan/playlists', user),
    forbidden,
    'even the own list, if read by user id',
  )
  t.equal((await get('/v1/me/playlists', token)).status, 200)

  sandbox.switches.unregistered = ['smedjan']
  for (const path of ['/v1/me', '/v1/me/playlists', '/v1/users/smedjan/playlists']) {
    const [status, text] = await refused(path, user)
    t.equal(status, 403)
    t.match(text, 'the user may not be registered')
  }
  const { access_token: later } = await link('smedjan')
  t.ok(later, 'consent and exchange succeed all the same')
  t.equal((await get('/v1/me', later)).status, 403)
  sandbox.switches.mode = 'extended'
  t.equal((await get('/v1/me', later)).status, 200, 'only Development Mode has an allowlist')
})

t.test('a renamed account keeps tokens, lists and account id', async t => {
  const { control, link, get, refresh } = await linkable(t)
  const { access_token: token, refresh_token: kept } = await link('smedjan')
  const before = (await get('/v1/me', token)).json()
  t.equal((await control('POST', '/users/smedjan/rename', { to: 'blacksmith' })).status, 204)
  const after = (await get('/v1/me', token)).json()
  t.same([after.id, after.account_id], ['blacksmith', before.account_id])
  const page = (await get('/v1/me/playlists', token)).json()
  t.match(page, { href: /\/users\/blacksmith\/playlists\?/, total: 120 })
  t.equal((await refresh(kept)).status, 200)
  t.equal((await control('POST', '/users/nobody/rename', { to: 'somebody' })).status, 204)
  const { access_token: other } = await link('smedjan')
  t.not((await get('/v1/me', other)).json().account_id, before.account_id, 'a new account')
  t.equal((await get('/v1/me/playlists', other)).json().total, 0)
})

t.test("a fault that sends a page sends the token user's page", async t => {
  const { sandbox, link, get } = await linkable(t)
  const { access_token: token } = await link('fifty')
  sandbox.fault({ on: 'api', answer: 'foreign-next', userId: 'fifty', offset: 0, times: 1 })
  const page = (await get('/v1/me/playlists', token)).json()
  t.match(page, { next: /\/elsewhere$/, total: 50 })
  sandbox.fault({ on: 'api', answer: 'foreign-next', times: 1 })
  t.equal(
    (await get('/v1/me', token)).json().total,
    120,
    'any other path gets the page of some user',
  )
})

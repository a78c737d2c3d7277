import t from 'tap'
import { homePage, homeText } from '../../../src/http/pages/home-page.ts'
import { startService } from '../../support/service.ts'

const HTML = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

t.test('the home page is a form for browsers and an index for all other clients', async t => {
  const { get } = await startService(t)
  for (const [accept, type] of [
    [undefined, 'text/plain'],
    ['*/*', 'text/plain'],
    ['image/png', 'text/plain'],
    ['application/json', 'application/json'],
    [HTML.accept, 'text/html'],
  ] as const) {
    const { headers, statusCode } = await get('/', accept === undefined ? {} : { accept })
    t.equal(statusCode, 200)
    t.equal(headers['content-type'], `${type}; charset=utf-8`)
    t.equal(headers.vary, 'Accept')
    const again = await get('/', { accept: accept ?? '*/*', 'if-none-match': String(headers.etag) })
    t.equal(again.statusCode, 304)
  }
  const index = (await get('/', { accept: 'application/json' })).json()
  t.equal(index.playlists, '/users/{user}/playlists')
  const { body } = await get('/')
  for (const path of Object.values(index) as string[]) {
    t.match(body, `  ${path} `)
    const { statusCode } = await get(path.replace('{user}', 'one'))
    t.equal(statusCode, 200, path)
  }
  const page = await get('/', HTML)
  t.match(page.body, '<form action="/" method="get">')
  t.match(page.headers, { 'content-security-policy': /form-action 'self'/ })
  t.equal((await get('/', { accept: 'x,'.repeat(60) })).statusCode, 431)
})

t.test("the form leads to the user's canonical path", async t => {
  const { get } = await startService(t)
  for (const [user, path] of [
    ['smedjan', '/users/smedjan/playlists'],
    [' Smedjan ', '/users/smedjan/playlists'],
    ['spotify:user:smedjan', '/users/smedjan/playlists'],
    ['https://open.spotify.com/user/smedjan?si=0123456789abcdef', '/users/smedjan/playlists'],
    ['abc+xyz', '/users/abc%2Bxyz/playlists'],
    ['\\\\evil.example', '/users/%5C%5Cevil.example/playlists'],
    ['Ann Lee', '/users/ann%20lee/playlists'],
    ['https://open.spotify.com/user/%23mimble!', '/users/%23mimble!/playlists'],
  ] as const) {
    const { statusCode, headers } = await get(`/?user=${encodeURIComponent(user)}`, HTML)
    t.equal(statusCode, 303)
    t.equal(headers.location, path)
    t.equal(headers['cache-control'], 'no-store')
    t.equal((await get(path, HTML)).statusCode, 200)
  }
})

t.test('a pasted playlist id leads to a list with an explanation', async t => {
  const { get } = await startService(t)
  for (const user of ['37i9dQZF1DXcBWIGoYBM5M', 'spotify:user:37i9dQZF1DXcBWIGoYBM5M']) {
    const { headers } = await get(`/?user=${user}`, HTML)
    t.match((await get(String(headers.location), HTML)).body, 'looks like that of a playlist')
  }
})

t.test(
  'the service can read the longest text the field takes, and refuses it as too long',
  async t => {
    const { get } = await startService(t)
    const length = Number(/maxlength="(\d+)"/.exec((await get('/', HTML)).body)?.[1])
    const link = 'https://open.spotify.com/user/smedjan'
    for (const longest of [link.padStart(length), 'x'.repeat(length)]) {
      const { statusCode, body } = await get(`/?user=${encodeURIComponent(longest)}`, HTML)
      t.equal(statusCode, 400)
      t.match(body, 'A user id has at most 256 bytes.')
    }
  },
)

t.test('a browser that sends an invalid user gets the form again, with the reason', async t => {
  const { get, lines, written } = await startService(t)
  for (const [user, reason] of [
    ['', 'The user id is empty.'],
    ['https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M', 'link'],
    ['a/b"><script>canary', 'A user id cannot contain'],
    ['x'.repeat(300), 'A user id has at most 256 bytes.'],
  ] as const) {
    const response = await get(`/?user=${encodeURIComponent(user)}`, HTML)
    t.equal(response.statusCode, 400)
    t.match(response.headers, {
      'cache-control': 'no-store',
      vary: 'Accept',
      'content-security-policy': /^default-src 'none'/,
      'x-request-id': /./,
    })
    const shown = user.replace(/[&<>"'=]/g, character => `&#${character.charCodeAt(0)};`)
    t.match(response.body, `value="${shown}"`)
    t.match(response.body, new RegExp(`<p class="error" id="user-error">[^<]*${reason}`))
    t.match(response.body, 'aria-invalid="true" aria-describedby="user-error user-hint"')
    t.notMatch(response.body, /<script|Parameter|percent-encoded/)
    t.match(lines().at(-1), { status: 400, problem: 'invalid-user-id', route: '/' })
    const json = await get(`/?user=${encodeURIComponent(user)}`)
    t.equal(json.statusCode, 400)
    t.equal(json.headers['content-type'], 'application/problem+json')
  }
  t.notMatch(written.join(''), 'canary', 'the log has nothing of it')
  t.match((await get('/?user=a&user=b')).json(), {
    type: '/problems/invalid-query',
    detail: 'Parameter "user" must be a link to a profile, a Spotify URI or a user id, given once.',
  })
})

t.test('behind a proxy with a path prefix, form, redirect and index have the prefix', async t => {
  const { get } = await startService(t, { PUBLIC_URL: 'https://lists.example/base/' })
  t.equal((await get('/?user=one')).headers.location, '/base/users/one/playlists')
  t.match((await get('/', HTML)).body, '<form action="/base/" method="get">')
  t.match((await get('/')).body, '  /base/users/{user}/playlists  all')
  t.match(homeText('/base'), /^ {2}\/base\/status {18}the state/m)
})

t.test('the home page suggests the users in EXAMPLE_USERS', async t => {
  const { get } = await startService(t, { EXAMPLE_USERS: 'one, #Mimble!' })
  const { body } = await get('/', HTML)
  t.match(body, '<a href="/users/%23mimble!/playlists"><bdi>#mimble!</bdi></a>')
  t.match((await get('/?user=.', HTML)).body, 'Users to try')
  const page = homePage({ basePath: '/base', exampleUsers: ['one', '#mimble!'] })
  t.match(page, '<a href="/base/users/one/playlists"><bdi>one</bdi></a>')
  t.match(page, '<a href="/base/users/%23mimble!/playlists"><bdi>#mimble!</bdi></a>')
  t.notMatch(homePage({ basePath: '', exampleUsers: [] }), 'Users to try')
})

t.test('the home page is read-only', async t => {
  const { app } = await startService(t)
  t.equal((await app.inject({ method: 'POST', url: '/' })).statusCode, 405)
})

import t from 'tap'
import { FORMATS } from '../../../src/http/representation/formats.ts'
import { startService } from '../../support/service.ts'

const LINK = '</problems/user-not-found>; rel="help"'

t.test('an empty list explains why it might be empty, in every format', async t => {
  const { app, get } = await startService(t)
  for (const format of FORMATS) {
    const url = `/users/empty/playlists?format=${format}`
    const response = await get(url)
    t.equal(response.statusCode, 200)
    t.equal(response.headers.link, LINK, format)
    t.equal((await app.inject({ method: 'HEAD', url })).headers.link, LINK)
    const again = await get(url, { 'if-none-match': String(response.headers.etag) })
    t.equal(again.statusCode, 304)
  }
  const { explanation, total, complete } = (await get('/users/empty/playlists')).json()
  t.match({ total, complete }, { total: 0, complete: true })
  t.match(explanation, /no public playlists, or there is no such user/)
  t.match(explanation, /"Copy link to profile" and take the part after \/user\//)
  const page = await get('/problems/user-not-found')
  t.match(page.body, /empty list/, 'the linked page explains it too')
})

t.test('a list with playlists has no explanation and no link, even in an empty window', async t => {
  const { get } = await startService(t)
  for (const query of ['', '?offset=100000', '?limit=1']) {
    const response = await get(`/users/smedjan/playlists${query}`)
    t.notOk('explanation' in response.json(), query)
    t.equal(response.headers.link, undefined)
  }
  const text = await get('/users/smedjan/playlists?format=text&offset=100000')
  t.equal(text.body, '')
  t.equal(text.headers.link, undefined)
})

t.test('below /v1, an empty list has no explanation and no link', async t => {
  const { get } = await startService(t)
  const response = await get('/v1/users/undefined/playlists')
  t.same(Object.keys(response.json()).sort(), [
    'href',
    'items',
    'limit',
    'next',
    'offset',
    'previous',
    'total',
  ])
  t.equal(response.headers.link, undefined)
})

t.test('the empty list for an unlikely id explains what an id looks like', async t => {
  const { get, sandbox } = await startService(t)
  for (const [pasted, id, looksLike] of [
    ['undefined', 'undefined', /that a program prints for a missing value/],
    ['me', 'me', /the signed-in user/],
    ['username', 'username', /a placeholder from documentation/],
    ['Ann@Example.com', 'ann@example.com', /looks like an e-mail address/],
    ['Ann Lee', 'ann lee', /looks like a display name/],
    ['37i9dQZF1DXcBWIGoYBM5M', '37i9dqzf1dxcbwigoybm5m', /looks like that of a playlist, an album/],
    ['spotify:user:37i9dQZF1DXcBWIGoYBM5M?si=1', '37i9dqzf1dxcbwigoybm5m', /that of a playlist/],
    ['https://open.spotify.com/user/Ann%20Lee', 'ann lee', /looks like a display name/],
  ] as const) {
    sandbox.setUser(id, [])
    const response = await get(`/users/${encodeURIComponent(pasted)}/playlists`)
    t.match(response.json(), { total: 0, items: [], explanation: looksLike }, pasted)
    t.match(response.json().href, `/users/${encodeURIComponent(id)}/playlists`)
  }
})

t.test('two spellings of an id get different explanations', async t => {
  const { get, sandbox } = await startService(t)
  const id = '37i9dqzf1dxcbwigoybm5m'
  sandbox.setUser(id, [])
  const plain = await get(`/users/${id}/playlists`)
  const mixed = await get('/users/37i9dQZF1DXcBWIGoYBM5M/playlists')
  t.equal(sandbox.count('api'), 1)
  t.notMatch(plain.json().explanation, /playlist, an album/)
  t.match(mixed.json().explanation, /playlist, an album/)
  t.not(plain.headers.etag, mixed.headers.etag, 'caches keep them apart')
  t.equal((await get(`/users/${id}/playlists`)).body, plain.body)
})

t.test('behind a proxy with a path prefix, the link begins with the prefix', async t => {
  const { get } = await startService(t, { PUBLIC_URL: 'https://lists.example/base/' })
  const { headers } = await get('/users/empty/playlists')
  t.equal(headers.link, '</base/problems/user-not-found>; rel="help"')
})

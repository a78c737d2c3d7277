import t from 'tap'
import type { PlaylistJson } from '../../../sandbox/playlist.ts'
import { startService } from '../../support/service.ts'

t.test('text has one line per playlist', async t => {
  const { get, sandbox } = await startService(t)
  const response = await get('/users/smedjan/playlists', { accept: 'text/plain' })
  t.equal(response.headers['content-type'], 'text/plain; charset=utf-8')
  const lines = (sandbox.user('smedjan') ?? []).map((playlist, index) => {
    const name = String(playlist?.name).replace(/[\n\t\r]/g, ' ')
    return `${String(index + 1).padStart(4)} ${playlist?.uri} ${name}\n`
  })
  t.equal(response.body, lines.join(''))
  t.match(lines[0], /^ {3}1 spotify:playlist:/)
})

t.test('positions in a window count from the start of the list', async t => {
  const { get, sandbox } = await startService(t)
  const whole = await get('/users/collector/playlists?format=text')
  const lines = whole.body.match(/.*\n/g) ?? []
  t.equal(lines.length, 2000)
  sandbox.clear()
  const window = await get('/users/collector/playlists?format=text&offset=998&limit=3')
  t.equal(window.body, lines.slice(998, 1001).join(''))
  t.match(window.body, /^ 999 .*\n1000 .*\n1001 .*\n$/)
  t.equal((await get('/users/collector/playlists?format=text&offset=2000')).body, '')
  t.equal(sandbox.count('api'), 0)
})

t.test(
  'control characters and line separators become spaces, and missing members stay empty',
  async t => {
    const { get, sandbox } = await startService(t)
    const [template] = sandbox.user('one') ?? []
    const playlists = [
      { id: '1', uri: 'u:1', name: 'a\u0000b\u001b[31mc\u0085d\u2028e\u2029f\u007f' },
      { id: '2', uri: 'u:2', name: null },
      { id: '3', uri: 7, name: 'no\nuri' },
      { id: '4', uri: 'u:4', name: 'عربي "q", 🎵' },
      { id: '5', uri: 'u:5\u2066', name: '\u202eabc\u202c\u200fd\u061ce\u2069👩\u200d🚀' },
    ]
    const odd = playlists.map(playlist => ({ ...template, ...playlist }) as unknown as PlaylistJson)
    sandbox.setUser('odd', odd)
    const { body } = await get('/users/odd/playlists?format=text')
    t.equal(
      body,
      '   1 u:1 a b [31mc d e f \n   2 u:2 \n   3  no uri\n   4 u:4 عربي "q", 🎵\n   5 u:5   abc  d e 👩\u200d🚀\n',
    )
  },
)

t.test('Accept selects the format, and the query overrides it', async t => {
  const { get } = await startService(t)
  const type = async (query: string, accept?: string) => {
    const headers = accept === undefined ? {} : { accept }
    const response = await get(`/users/one/playlists${query}`, headers)
    return String(response.headers['content-type']).split(';')[0]
  }
  const json = 'application/json'
  t.equal(await type(''), json)
  t.equal(await type('', '*/*'), json)
  t.equal(await type('', 'application/*'), json)
  t.equal(await type('', 'text/html, application/xhtml+xml, */*;q=0.8'), 'text/html')
  t.equal(await type('', 'text/plain'), 'text/plain')
  t.equal(await type('', 'text/*'), 'text/plain')
  t.equal(await type('', 'application/json;q=0.5, text/plain'), 'text/plain')
  t.equal(await type('', 'text/plain;q=0, */*'), json)
  t.equal(await type('', 'application/json; charset=utf-8'), json)
  t.equal(await type('', 'text/plain;charset=UTF-8, */*;q=0.1'), 'text/plain')
  t.equal(await type('?format=text', json), 'text/plain')
  t.equal(await type('?format=json', 'text/plain'), json)
  t.equal(await type('?format=json', 'image/png'), json)
})

t.test('a format for a long list evicts no cached list', async t => {
  const { get, sandbox } = await startService(t, { CACHE_MAX_BYTES: '1048576' })
  const [template] = sandbox.user('one') ?? []
  // The list as text is larger than the cache share for all variants.
  const long = { ...template, name: 'n'.repeat(600_000) } as PlaylistJson
  sandbox.setUser('long', [long])
  for (const format of ['json', 'text', 'text', 'json']) {
    t.equal((await get(`/users/long/playlists?format=${format}`)).statusCode, 200)
  }
  t.equal(sandbox.count('api'), 1)

  // Two lists that fill their cache share.
  sandbox.clear()
  const half = { ...template, name: 'n'.repeat(380_000) } as PlaylistJson
  for (const user of ['a', 'b']) {
    sandbox.setUser(user, [half])
    await get(`/users/${user}/playlists`)
  }
  await get('/users/b/playlists?format=text')
  for (const user of ['a', 'b']) await get(`/users/${user}/playlists`)
  t.equal(sandbox.count('api'), 2)
})

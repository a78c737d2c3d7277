import t from 'tap'
import { startService } from '../support/service.ts'

t.test('links have the scheme http or https, whatever a proxy passes on', async t => {
  const { get } = await startService(t, { TRUST_PROXY: '1' })
  for (const root of ['', '/v1']) {
    for (const [field, scheme] of [
      ['https', 'https'],
      ['HTTPS', 'https'],
      ['http', 'http'],
      ['javascript:alert(1)', 'http'],
      ['javascript:alert(1)//https', 'http'],
      ['ftp', 'http'],
    ] as const) {
      const path = `${root}/users/one/playlists`
      const headers = { host: 'lists.example', 'x-forwarded-proto': field }
      const { href } = (await get(`${path}?limit=1`, headers)).json()
      t.ok(href.startsWith(`${scheme}://lists.example${path}?`), `${field}: ${href}`)
    }
  }
})

t.test('the port of a host is at most 65535, also of one that a proxy tells', async t => {
  const { get } = await startService(t, { TRUST_PROXY: '1' })
  for (const [port, status] of [
    ['', 200],
    ['65535', 200],
    ['65536', 400],
    ['9'.repeat(400), 400],
  ] as const) {
    for (const name of ['host', 'x-forwarded-host']) {
      for (const host of [`lists.example:${port}`, `[::1]:${port}`]) {
        const answer = await get('/users/one/playlists', { [name]: host })
        t.equal(answer.statusCode, status, `${name} ${host}`)
      }
    }
  }
})

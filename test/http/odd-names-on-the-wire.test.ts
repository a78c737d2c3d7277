import t from 'tap'
import { LINK_FORMS, ODD_NAMES } from '../support/id-classes.ts'
import { exchange, listen, responsesIn } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'

/** A few names for the HTTP parser and the router; other tests try all. */
const FORMS = LINK_FORMS.filter((_, nth) => nth % 5 === 0)

t.test('Spotify receives an unusual name unchanged, in every form', async t => {
  const { app, sandbox, get } = await startService(t)
  const port = await listen(app)
  // Makes the service request a token, so the requests below are only for pages.
  await get('/users/one/playlists')
  for (const name of ODD_NAMES) {
    sandbox.setUser(name, [])
    const encoded = encodeURIComponent(name)
    sandbox.clear()
    for (const form of [name, ...FORMS.map(form => form(encoded))]) {
      const target = `/users/${encodeURIComponent(form)}/playlists`
      const request = `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
      const [response] = responsesIn(await exchange(port, request))
      t.equal(response?.status, 200, target)
      t.equal(JSON.parse(String(response?.body)).href, `http://x/users/${encoded}/playlists`)
    }
    t.same(
      sandbox.requests.map(({ path }) => path),
      [`/v1/users/${encoded}/playlists?limit=50&offset=0`],
      'all forms are one user',
    )
  }
})

t.test('a name encoded twice is refused and costs no Spotify request', async t => {
  const { app, sandbox } = await startService(t)
  const port = await listen(app)
  for (const name of ODD_NAMES) {
    for (const form of [name, ...FORMS.map(form => form(encodeURIComponent(name)))]) {
      const twice = encodeURIComponent(encodeURIComponent(form))
      if (twice === encodeURIComponent(form)) continue
      const request = `GET /users/${twice}/playlists HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
      t.match(await exchange(port, request), /^HTTP\/1\.1 400 [\s\S]*encoded twice/, twice)
    }
  }
  t.equal(sandbox.count('api'), 0)
})

import t from 'tap'
import { exchange, listen, responsesIn } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'

const BASES = [
  ['https://lists.example/spot', '/spot'],
  ['https://lists.example/a/b/', '/a/b'],
  ['https://lists.example', ''],
  ['', ''],
] as const

for (const [PUBLIC_URL, base] of BASES) {
  t.test(`a problem's type and instance begin with the path from "${PUBLIC_URL}"`, async t => {
    const { app, get } = await startService(t, { PUBLIC_URL, API_KEYS: `a:${'k'.repeat(32)}` })
    const port = await listen(app)
    const long = 'x'.repeat(5000)
    for (const [request, type, instance] of [
      ['GET /nope?x', 'unknown-api-key', '/nope'],
      ['GET /problems/nope', 'not-found', '/problems/nope'],
      ['POST /problems', 'method-not-allowed', '/problems'],
      ['GET /users/%zz/playlists', 'invalid-user-id', '/users/%zz/playlists'],
      [`GET /users/${long}/playlists`, 'invalid-user-id', `/users/${long}`.slice(0, 256)],
      ['GET /docs/nope.js', 'unknown-api-key', '/docs/nope.js'],
      ['GET ftp://h/nope', 'unknown-api-key', '/nope'],
      ['OPTIONS *', 'method-not-allowed', '/'],
    ] as const) {
      const text = `${request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
      const [response] = responsesIn(await exchange(port, text))
      const problem = JSON.parse(String(response?.body))
      t.equal(problem.type, `${base}/problems/${type}`, request.slice(0, 40))
      t.equal(problem.instance, `${base}${instance}`)
      // A proxy forwards the path without the base path.
      t.equal((await get(problem.type.slice(base.length))).statusCode, 200)
    }
  })

  t.test(
    `the problem for an unparsable request has a type below the path from "${PUBLIC_URL}"`,
    async t => {
      const { app } = await startService(t, { PUBLIC_URL })
      const port = await listen(app)
      for (const [text, type] of [
        ['nonsense\r\n\r\n', 'bad-request'],
        [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`, 'headers-too-large'],
      ] as const) {
        const [response] = responsesIn(await exchange(port, text))
        t.match(JSON.parse(String(response?.body)), {
          type: `${base}/problems/${type}`,
          instance: '',
        })
      }
    },
  )

  t.test(`paths in a problem's detail begin with the path from "${PUBLIC_URL}"`, async t => {
    const { get } = await startService(t, { PUBLIC_URL })
    t.match((await get('/nope')).json().detail, ` ${base}/users/{id}/playlists`)
    t.match((await get('/problems/nope')).json().detail, ` ${base}/problems `)
    t.same(Object.keys((await get('/v1/nope')).json()), ['error'], "in Spotify's shape")
  })
}

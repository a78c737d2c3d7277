import t from 'tap'
import { exchange, listen, responsesIn } from '../support/raw-http.ts'
import { seconds, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

t.test('the log has only query parameters used by a route', async t => {
  const { get, lines } = await startService(t)
  const long = 'canary'.repeat(6)
  const cases = [
    ['', '/nowhere'],
    ['?', '/nowhere'],
    ['?api_key=canary', '/nowhere'],
    ['?canary', '/nowhere'],
    ['?LIMIT=canary&xlimit=canary', '/nowhere'],
    ['?limit=0?api_key=canary', '/nowhere?limit=0'],
    ['?limit=1;api_key=canary', '/nowhere'],
    [`?limit=${long}&offset=`, '/nowhere?offset='],
    [
      '?api_key=canary&limit=-1&access_token=canary&offset=1e3&format=csv',
      '/nowhere?limit=-1&offset=1e3&format=csv',
    ],
  ] as const
  for (const [query] of cases) await get(`/nowhere${query}`)
  t.same(
    lines().flatMap(({ path }) => (path === undefined ? [] : [path])),
    cases.map(([, path]) => path),
  )
})

t.test('a long target is cut in the log line and in the problem', async t => {
  const { app, get, lines, written } = await startService(t)
  const port = await listen(app)
  const long = 'x'.repeat(15_000)
  const cases = [
    ['GET', `/${long}`, `/${'x'.repeat(255)}`],
    ['PUT', `/${'%20'.repeat(5000)}`, `/${'%20'.repeat(85)}`],
    ['GET', `/users/${long}/playlists`, `/users/${'x'.repeat(249)}`],
    ['GET', `/users/%zz${long}/playlists`, `/users/%zz${'x'.repeat(246)}`],
    ['GET', `/v1/users/${'x'.repeat(300)}/playlists`, `/v1/users/${'x'.repeat(246)}`],
    ['GET', `http://${long}/x`, '/x'],
    ['GET', `/nope?${'limit=1&'.repeat(1800)}`, `/nope?${'limit=1&'.repeat(32).slice(0, 250)}`],
  ] as const
  for (const [method, target] of cases) {
    const head = `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n`
    const [response] = responsesIn(
      await exchange(port, `${head}X-Request-Id: ${'x'.repeat(65)}\r\n\r\n`),
    )
    t.ok(String(response?.body).length < 1500, `${response?.body.length} bytes`)
  }
  await get(`/users/${encodeURIComponent('\u{1f3b5}'.repeat(64))}/playlists`)
  t.same(
    lines().flatMap(({ path }) => (path === undefined ? [] : [path])),
    cases.map(([, , path]) => path),
  )
  for (const line of written) t.ok(Buffer.byteLength(line) < 1500, line.slice(0, 100))
})

t.test('no log line has the part after a semicolon in a user id', async t => {
  const { get, clock, lines, written } = await startService(t)
  const path = `/users/${encodeURIComponent('one;key=canary')}/playlists`
  await get(path)
  await clock.advance(seconds(600))
  await get(path)
  await until(() => lines().some(({ msg }) => msg.startsWith('revalidated')))
  t.same(
    lines().flatMap(({ user_id }) => (user_id === undefined ? [] : [user_id])),
    ['one', 'one', 'one'],
  )
  t.notOk(written.some(line => line.includes('canary')))
})

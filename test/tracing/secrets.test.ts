import t from 'tap'
import { exchange } from '../support/raw-http.ts'
import { startTracedService, traceparent } from '../support/traced-service.ts'
import { until } from '../support/until.ts'

const KEY = 'canary-canary-canary-canary-canary-key'

t.test("spans never contain a caller's key, token, secret or query", async t => {
  const { url, sandbox, receiver, spans } = await startTracedService(
    t,
    {},
    { API_KEYS: `name:${KEY}` },
  )
  const headers = { authorization: `Bearer ${KEY}` }
  for (const path of [
    `/users/smedjan/playlists?api_key=${KEY}`,
    `/users/smedjan/playlists?limit=${KEY}`,
    `/nothing?key=${KEY}`,
  ]) {
    await (await fetch(url + path, { headers })).text()
  }
  const wrong = { authorization: `Bearer ${KEY}x` }
  t.equal((await fetch(`${url}/status`, { headers: wrong })).status, 401)
  sandbox.fault({ on: 'api', answer: 'forbidden' })
  await (await fetch(`${url}/users/one/playlists`, { headers })).text()
  const all = await spans()
  // The requests sent by this test also have spans.
  const ours = all.filter(({ attributes }) => !String(attributes['url.full']).startsWith(url))
  t.ok(ours.length > 8)
  const written = JSON.stringify(ours)
  const basic = Buffer.from(`${sandbox.clientId}:${sandbox.clientSecret}`).toString('base64')
  for (const secret of ['canary', sandbox.clientSecret, basic, ...sandbox.issuedTokens]) {
    t.notOk(written.includes(secret), secret)
  }
  t.notMatch(written, /Bearer|authorization/i)
  t.match(receiver.posts[0], { path: '/v1/traces' })
})

t.test('spans never contain the part of a request target that might hold a key', async t => {
  const { url, spans } = await startTracedService(t)
  const port = Number(new URL(url).port)
  for (const target of [
    '/nope#key=canary',
    '/nope;key=canary',
    '/nope%3Fkey=canary',
    '/users/one;key=canary/playlists?limit=1',
    '//u:canary@h/x',
    'ftp://u:canary@h/x',
    'http://u:canary@h/nope',
  ]) {
    await exchange(port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  }
  const all = await spans()
  t.notOk(JSON.stringify(all).includes('canary'))
  t.same(
    all.flatMap(({ kind, attributes }) => (kind === 2 ? [attributes['url.path']] : [])),
    ['/nope', '/nope', '/nope', '/users/one', '/h/x', '/x', '/nope'],
  )
  const requests = all.map(({ attributes }) => String(attributes['url.full']))
  t.match(
    requests.find(text => text.includes('/users/')),
    /\/v1\/users\/one\?limit=50&offset=0$/,
  )
})

t.test("spans and log lines never contain a caller's tracestate or baggage", async t => {
  const { url, spans, clock, sandbox, lines, written } = await startTracedService(t)
  const { headers, traceId } = traceparent(1)
  const given = { ...headers, tracestate: 'vendor=canary', baggage: 'key=canary' }
  const ask = async () => (await fetch(`${url}/users/one/playlists`, { headers: given })).text()
  await ask()
  await clock.advance(600_000)
  await ask()
  await until(() => lines().some(({ msg }) => msg.startsWith('revalidated')))
  const all = await spans()
  t.ok(all.some(span => span.name === 'refresh'))
  t.ok(all.some(span => span.traceId === traceId))
  for (const text of [JSON.stringify([all, sandbox.requests]), ...written]) {
    t.notOk(text.includes('canary'))
  }
})

t.test("a span contains an error's type, but neither message nor stack", async t => {
  const { spans, lines } = await startTracedService(
    t,
    {},
    { SPOTIFY_TOKEN_URL: 'http://127.0.0.1:1/token' },
  )
  await until(() => lines().some(({ msg }) => msg === 'app token renewal failed'))
  const [token, ...others] = await spans()
  t.same(others, [])
  t.match(token, { name: 'POST', attributes: { 'error.type': 'ECONNREFUSED' } })
  t.strictSame(token?.status, { code: 2 })
  t.strictSame(token?.events, [])
})

import t from 'tap'
import { exchange, listen, type RawResponse, responsesIn } from '../support/raw-http.ts'
import { type Service, startService } from '../support/service.ts'

const LIST = '/users/one/playlists'

/** Sends a request unchanged, with a Host field only if given. */
async function send(port: number, target: string, fields: readonly string[], version = '1.1') {
  const head = [`GET ${target} HTTP/${version}`, ...fields, 'Connection: close']
  const [response] = responsesIn(await exchange(port, `${head.join('\r\n')}\r\n\r\n`))
  return response as RawResponse
}

/** The scheme and authority in all links of a list window. */
function originsIn(body: string): string[] {
  const { href, next } = JSON.parse(body)
  return [href, next].map(link => link.replace(/\/(?:v1\/)?users\/.*/, ''))
}

t.test('links have the scheme http or https, whatever a proxy forwards', async t => {
  const { get } = await startService(t, { TRUST_PROXY: '1' })
  for (const root of ['', '/v1']) {
    for (const [field, scheme] of [
      ['https', 'https'],
      ['HTTPS', 'https'],
      ['http', 'http'],
      ['http, https', 'https'],
      ['https, http', 'http'],
      ['javascript:alert(1)', 'http'],
      ['javascript:alert(1)//https', 'http'],
      ['ftp', 'http'],
    ] as const) {
      const path = `${root}${LIST}`
      const headers = { host: 'lists.example', 'x-forwarded-proto': field }
      const { href } = (await get(`${path}?limit=1`, headers)).json()
      t.ok(href.startsWith(`${scheme}://lists.example${path}?`), `${field}: ${href}`)
    }
  }
})

t.test('only the Host field sets the host in links, whichever proxies are trusted', async t => {
  for (const TRUST_PROXY of ['false', 'true', '1', 'loopback']) {
    const { app } = await startService(t, { TRUST_PROXY })
    const port = await listen(app)
    for (const fields of [
      ['X-Forwarded-Host: evil.example'],
      ['X-Forwarded-Host: evil.example, other.example'],
      ['X-Forwarded-Host: a', 'X-Forwarded-Host: evil.example'],
      ['X-Forwarded-Host: not a host'],
      ['X-Forwarded-Port: 666', 'X-Forwarded-Server: evil.example'],
      ['X-Forwarded-Prefix: /evil', 'X-Original-Host: evil.example', 'X-Host: evil.example'],
      ['Forwarded: host=evil.example;proto=https'],
      ['X-Original-URL: http://evil.example/', 'X-Rewrite-URL: /evil'],
    ]) {
      for (const path of [LIST, `/v1${LIST}`]) {
        const { body } = await send(port, `${path}?limit=1&offset=0`, ['Host: b:8080', ...fields])
        t.equal(JSON.parse(body).href.split('/users')[0].replace('/v1', ''), 'http://b:8080')
        t.notMatch(body, /evil/)
      }
      for (const path of ['/docs', '/docs/json', '/problems', '/openapi.yaml', '/nope']) {
        const response = await send(port, path, ['Host: b', 'Accept: text/html', ...fields])
        t.notMatch(JSON.stringify(response), /evil/, path)
      }
    }
  }
})

t.test('the authority in an absolute-form target overrides the Host field', async t => {
  const { app } = await startService(t)
  const port = await listen(app)
  for (const path of ['/users/smedjan/playlists', '/v1/users/smedjan/playlists']) {
    for (const [target, origin] of [
      ['http://x.example', 'http://x.example'],
      ['HTTP://x.example:8080', 'http://x.example:8080'],
      ['https://x.example', 'https://x.example'],
      ['HttpS://[::1]:8443', 'https://[::1]:8443'],
    ] as const) {
      const asked = await send(port, `${target}${path}?limit=1`, ['Host: b'])
      t.same(originsIn(asked.body), [origin, origin], target)
    }
    // Representations for one origin are not served to another.
    const plain = await send(port, `${path}?limit=1`, ['Host: b'])
    t.same(originsIn(plain.body), ['http://b', 'http://b'])
    const old = await send(port, `http://x.example${path}?limit=1`, [], '1.0')
    t.same(originsIn(old.body), ['http://x.example', 'http://x.example'])
  }
})

t.test('PUBLIC_URL overrides the origin from target and fields', async t => {
  const { app } = await startService(t, {
    PUBLIC_URL: 'https://lists.example/base',
    TRUST_PROXY: 'true',
  })
  const port = await listen(app)
  const fields = ['Host: b', 'X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: http']
  const { body } = await send(port, `http://x.example/users/smedjan/playlists?limit=1`, fields)
  t.same(originsIn(body), ['https://lists.example/base', 'https://lists.example/base'])
})

const HOST = 'Header "Host"'
const TARGET = 'The host in the request target'
const refusals = [
  ['/', [], `${HOST} is missing.`],
  ['http://x.example/', [], `${HOST} is missing.`],
  ['http://x.example/', ['Host: a b'], HOST],
  ['http://x.example/', ['Host: a', 'Host: b'], HOST],
  ['/', ['Host: :80'], HOST],
  ['/', ['Host: u:canary@a'], HOST],
  ['http://u:canary@x.example/', ['Host: b'], TARGET],
  ['https://canary@x.example/', ['Host: b'], TARGET],
  ['http://a:b:c/', ['Host: b'], TARGET],
  ['http://x.example:65536/', ['Host: b'], TARGET],
  ['http:///', ['Host: b'], TARGET],
  ['http://:80/', ['Host: b'], TARGET],
] as const

t.test('a request with a missing or malformed host is refused', async t => {
  const { app, sandbox } = await startService(t)
  const port = await listen(app)
  for (const [target, hosts, detail] of refusals) {
    for (const path of [LIST, `/v1${LIST}`]) {
      const response = await send(port, target.replace(/\/$/, path), hosts)
      t.equal(response.status, 400, `${target} ${hosts}`)
      const { error } = JSON.parse(response.body)
      t.ok(error.message.startsWith(detail), error.message)
      t.notMatch(JSON.stringify(response), /canary/)
    }
  }
  t.equal(sandbox.count('api'), 0)
})

/** Representation keys contain hosts. */
t.test('a host with more than 255 characters is refused', async t => {
  const { app, sandbox, written } = await startService(t)
  const port = await listen(app)
  const long = `${'x'.repeat(254)}:1`
  for (const [target, host, field] of [
    [LIST, long, HOST],
    [LIST, 'x'.repeat(15_000), HOST],
    ['/nope', long, HOST],
    [`http://b${LIST}`, long, HOST],
    [`http://${long}${LIST}`, 'b', TARGET],
  ] as const) {
    const response = await send(port, target, [`Host: ${host}`])
    t.equal(response.status, 400)
    const { type, detail } = JSON.parse(response.body)
    t.equal(type, '/problems/bad-request')
    t.ok(detail.startsWith(field), detail)
    t.match(detail, '255 characters')
  }
  t.equal(sandbox.count('api'), 0)
  t.notOk(written.some(line => line.includes('xxxx')))
  const longest = `${'x'.repeat(253)}:1`
  for (const [target, host] of [
    [LIST, longest],
    [`http://${longest}${LIST}`, 'b'],
  ] as const) {
    const { status, body } = await send(port, target, [`Host: ${host}`])
    t.equal(status, 200)
    t.match(body, `"href":"http://${longest}/users/`)
  }
})

t.test("a host's port is at most 65535", async t => {
  const { get } = await startService(t)
  const statusFor = async (get: Service['get'], host: string) =>
    (await get(LIST, { host })).statusCode
  for (const [port, status] of [
    ['', 200],
    ['65535', 200],
    ['65536', 400],
    ['9'.repeat(200), 400],
  ] as const) {
    for (const name of ['lists.example', '[::1]']) {
      t.equal(await statusFor(get, `${name}:${port}`), status, `${name}:${port}`)
    }
  }
})

t.test('a target with another scheme or no scheme is refused', async t => {
  const { app, sandbox } = await startService(t)
  const port = await listen(app)
  for (const target of [
    `ftp://u:canary@h${LIST}`,
    `gopher://canary${LIST}`,
    `//u:canary@h${LIST}`,
    `///u:canary@h${LIST}`,
    '//h/docs/json',
    '//docs/json',
  ]) {
    const response = await send(port, target, ['Host: b'])
    t.equal(response.status, 404, target)
    t.match(JSON.parse(response.body).instance, /^\/(?!\/)/)
    t.notMatch(JSON.stringify(response), /canary/)
  }
  t.equal(sandbox.count('api'), 0)
})

import t from 'tap'
import { exchange, listen, type RawResponse, responsesIn } from '../support/raw-http.ts'
import { startService } from '../support/service.ts'

const ROOTS = ['', '/v1']
const LIST = '/users/smedjan/playlists'

/** Sends a request on a new connection, with target and fields unchanged. */
async function ask(port: number, target: string, fields: readonly string[] = []) {
  const head = [`GET ${target} HTTP/1.1`, 'Host: x', 'Connection: close', ...fields]
  const [response] = responsesIn(await exchange(port, `${head.join('\r\n')}\r\n\r\n`))
  return response as RawResponse
}

const messageOf = ({ body }: RawResponse): string => JSON.parse(body).error.message

t.test(
  'the problem for an invalid query names the parameter, and unknown parameters are ignored',
  async t => {
    const { app, sandbox } = await startService(t)
    const port = await listen(app)
    for (const root of ROOTS) {
      for (const [query, name] of [
        ['limit=x', 'limit'],
        ['limit=abc', 'limit'],
        ['limit=%zz', 'limit'],
        ['limit=%', 'limit'],
        ['limit=%ff', 'limit'],
        ['limit=1%00', 'limit'],
        ['%6cimit=x', 'limit'],
        ['limit=5&limit=5', 'limit'],
        ['offset=-1', 'offset'],
        ['offset=0&x=1&offset=1', 'offset'],
      ] as const) {
        const response = await ask(port, `${root}${LIST}?${query}`)
        t.equal(response.status, 400, query)
        const allowed = `^Parameter "${name}" must be a whole number [^:]+, given once\\.$`
        t.match(messageOf(response), new RegExp(allowed))
      }
      t.equal(sandbox.count('api'), root === '' ? 0 : 3, 'none of them costs a request to Spotify')
      for (const query of [
        '',
        '%',
        '%zz=%zz&&=&%ff',
        'Limit=0&market=SE&limit[]=0&limit.x=0',
        '__proto__=1&constructor=2&hasOwnProperty=3',
        'x=1&'.repeat(2000),
      ]) {
        const response = await ask(port, `${root}${LIST}?limit=2&${query}`)
        t.match(JSON.parse(response.body), { total: 120, limit: 2 }, query.slice(0, 40))
      }
    }
  },
)

t.test('the problem for a malformed path names the user id', async t => {
  const { app, sandbox } = await startService(t)
  const port = await listen(app)
  for (const root of ROOTS) {
    for (const id of ['%', '%zz', '%e0%a4%a', '%ff', '%c0%80', '%00', 'a%2fb']) {
      const response = await ask(port, `${root}/users/${id}/playlists`)
      t.equal(response.status, 400, id)
      t.match(messageOf(response), 'Parameter "id"')
    }
  }
  t.equal(sandbox.count('api'), 0)
})

t.test('a target in absolute form is handled like the path', async t => {
  const { app } = await startService(t)
  const port = await listen(app)
  for (const [target, status] of [
    [`http://x${LIST}?limit=1`, 200],
    [`HTTP://x:80/v1${LIST}?limit=1`, 200],
    [`http://x${LIST}?limit=x`, 400],
    ['http://x/users/%zz/playlists', 400],
    ['http://x', 200],
    ['http://x?limit=1', 200],
    ['*', 200],
  ] as const) {
    t.equal((await ask(port, target)).status, status, target)
  }
  const refused = await ask(port, `http://x${LIST}?limit=x`)
  t.match(JSON.parse(refused.body), { instance: LIST })
  const mirrored = await ask(port, `http://x/v1${LIST}?limit=x`)
  t.same(Object.keys(JSON.parse(mirrored.body)), ['error'], "in Spotify's shape")
})

t.test('a request with an invalid Host is refused', async t => {
  const { app } = await startService(t)
  const port = await listen(app)
  const get = async (root: string, hosts: string[], version = '1.1') => {
    const lines = [`GET ${root}${LIST}?limit=1 HTTP/${version}`, ...hosts, 'Connection: close']
    const [response] = responsesIn(await exchange(port, `${lines.join('\r\n')}\r\n\r\n`))
    return response as RawResponse
  }
  for (const root of ROOTS) {
    for (const hosts of [
      [],
      ['Host: a b'],
      ['Host: a"b'],
      ['Host: a/b'],
      ['Host: user@a'],
      ['Host: a:b'],
      ['Host: [::1'],
      ['Host: a', 'Host: b'],
    ]) {
      const response = await get(root, hosts)
      t.equal(response.status, 400, String(hosts))
      t.match(messageOf(response), 'Header "Host"')
      t.match(response.headers, { 'x-request-id': /./, 'cache-control': 'no-store' })
    }
    for (const [host, origin] of [
      ['lists.example', 'http://lists.example/'],
      ['a_b.example:8080', 'http://a_b.example:8080/'],
      ['[::1]:3000', 'http://[::1]:3000/'],
      ['', '/'],
    ] as const) {
      const { href } = JSON.parse((await get(root, [`Host: ${host}`])).body)
      t.ok(href.startsWith(`${origin}${root.slice(1)}`), href)
    }
    t.equal((await get(root, [], '1.0')).status, 200, 'HTTP/1.0 needs no Host')
  }
})

t.test('a GET can have a body, with any framing and expectation', async t => {
  const { app } = await startService(t)
  const port = await listen(app)
  for (const root of ROOTS) {
    for (const [field, body] of [
      ['Content-Length: 5', '{"a":'],
      ['Transfer-Encoding: chunked', '5\r\n{"a":\r\n0\r\n\r\n'],
      ['Content-Length: 70000', 'x'.repeat(70_000)],
      ['Expect: tea\r\nContent-Length: 1', 'x'],
    ] as const) {
      const head = `GET ${root}${LIST}?limit=1 HTTP/1.1\r\nHost: x\r\n${field}\r\n`
      const type = 'Content-Type: application/json\r\n'
      // The next request shows that the body was not taken for a request.
      const next = `HEAD ${root}${LIST} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
      const received = await exchange(port, `${head}${type}\r\n${body}${next}`)
      const answers = responsesIn(received, ['GET', 'HEAD'])
      t.same(
        answers.map(({ status }) => status),
        [200, 200],
        field,
      )
    }
  }
})

t.test('pipelined requests get their responses in order', async t => {
  const { app } = await startService(t)
  const port = await listen(app)
  for (const root of ROOTS) {
    const { headers } = await ask(port, `${root}${LIST}?limit=1`)
    const request = (method: string, query: string, fields = '') =>
      `${method} ${root}${LIST}?${query} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`
    const tag = `If-None-Match: "x", W/${headers.etag}\r\n`
    const date = `If-Modified-Since: ${headers['last-modified']}\r\n`
    const received = await exchange(
      port,
      [
        request('GET', 'limit=50'),
        request('HEAD', 'limit=x'),
        request('HEAD', 'limit=1'),
        request('HEAD', 'limit=1', tag),
        request('GET', 'limit=1', date),
        request('GET', 'limit=1', date + date),
        request('HEAD', 'limit=1', `If-None-Match: "x"\r\n${date}`),
        request('GET', 'limit=x', 'Connection: close\r\n'),
      ].join(''),
    )
    const methods = ['GET', 'HEAD', 'HEAD', 'HEAD', 'GET', 'GET', 'HEAD', 'GET']
    const answers = responsesIn(received, methods)
    t.same(
      answers.map(({ status }) => status),
      // Two dates are invalid, so neither counts (RFC 9110 13.1.3).
      [200, 400, 200, 304, 304, 200, 200, 400],
    )
    t.equal(JSON.parse(answers[0]?.body as string).items.length, 50)
    t.match(answers[2]?.headers, { etag: headers.etag, 'content-length': /\d/ })
    t.match(answers[3]?.headers, { etag: headers.etag, 'cache-status': /hit/ })
  }
})

t.test('an HTTP/1.0 request gets a response and closes the connection', async t => {
  const { app } = await startService(t)
  const port = await listen(app)
  for (const root of ROOTS) {
    for (const method of ['GET', 'HEAD']) {
      const received = await exchange(port, `${method} ${root}${LIST}?limit=1 HTTP/1.0\r\n\r\n`)
      const [response] = responsesIn(received, [method])
      t.match(response, { status: 200, headers: { connection: 'close', 'content-length': /\d/ } })
      if (method === 'GET') t.match(JSON.parse(response?.body as string).href, /^\/(?:v1\/)?users/)
    }
  }
})

t.test('a list-based field of 15 KB and any field of 64 KiB are refused', async t => {
  const { app } = await startService(t)
  const port = await listen(app)
  const read = ['If-None-Match', 'Authorization', 'Cookie']
  const refused = ['Cache-Control', 'Accept-Encoding', 'Accept']
  for (const root of ROOTS) {
    for (const field of [...read, ...refused]) {
      for (const pieces of ['*/*;q=0.1,', '"x",', 'max-age=1,', ';q=']) {
        const value = pieces.repeat(15_000 / pieces.length)
        const response = await ask(port, `${root}${LIST}`, [`${field}: ${value}`])
        // The mirror has one format and ignores Accept.
        const isRead = read.includes(field) || (root === '/v1' && field === 'Accept')
        t.equal(response.status, isRead ? 200 : 431, `${field} ${pieces}`)
        if (!isRead) t.match(messageOf(response), `Header "${field}": send 1024 characters`)
      }
      const long = await ask(port, `${root}${LIST}`, [`${field}: ${'x'.repeat(65_536)}`])
      t.equal(long.status, 431)
      t.match(JSON.parse(long.body), { type: '/problems/headers-too-large' })
      t.match(long.headers, { 'x-request-id': JSON.parse(long.body).request_id })
    }
  }
})

t.test('bytes after a request with Connection: close do not prevent the response', async t => {
  const { app, lines } = await startService(t)
  const port = await listen(app)
  const head = `GET ${LIST} HTTP/1.1\r\nHost: x\r\n`
  const received = await exchange(port, `${head}Connection: close\r\n\r\n${head}\r\n`)
  t.match(responsesIn(received), [{ status: 200 }])
  t.match(lines().at(-1), { msg: 'request completed', status: 200 })
})

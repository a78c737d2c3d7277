import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip } from 'node:zlib'
import t, { type Test } from 'tap'
import { FORMATS } from '../../src/http/representation/formats.ts'
import { problems } from '../../src/problems/problem.ts'
import { Contract } from '../support/contract.ts'
import { type Case, lookupCases, readinessCases, statusCases } from '../support/problem-cases.ts'
import { exchange, listen, responsesIn, timeoutResponse } from '../support/raw-http.ts'
import { type Service, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

const decoders: Record<string, (bytes: Buffer) => Promise<Buffer>> = {
  gzip: promisify(gunzip),
  br: promisify(brotliDecompress),
}

const contract = new Contract()
/** Other tests check the linked accounts routes. */
const ofLinks = (name: string) => /(?:^| )\/links?\b/.test(name)
const paths = contract.paths.filter(path => !ofLinks(path))
/** Each media type with a content coding seen in a response. */
const coded = new Set<string>()

/** Sends a request, checks the response against openapi.yaml, and returns it with a decoded body. */
async function hold(
  t: Test,
  { app }: Service,
  url: string,
  headers: Record<string, string> = {},
  method: 'GET' | 'HEAD' = 'GET',
) {
  const { statusCode: status, ...response } = await app.inject({ method, url, headers })
  const coding = response.headers['content-encoding'] ?? 'identity'
  const decode = decoders[String(coding)]
  const hasCodedBody = decode !== undefined && method === 'GET' && status !== 304
  const bytes = hasCodedBody ? await decode(response.rawPayload) : response.rawPayload
  coded.add(`${response.headers['content-type']} ${coding}`)
  const answer = { method, url, status, headers: response.headers, body: bytes.toString() }
  t.same(contract.faultsOf(answer), [], `${status} ${method} ${url} ${JSON.stringify(headers)}`)
  return answer
}

const HTML = { accept: 'text/html' }
const LISTS = ['/users/smedjan/playlists', '/v1/users/smedjan/playlists']

/** Request targets with a 200, each with the Accept fields to send. Add a line for each new route. */
const answered: readonly (readonly [url: string, ...accept: string[]])[] = [
  ...['', '&limit=7&offset=3', '&offset=100000'].flatMap(window =>
    FORMATS.map(format => [`/users/collector/playlists?format=${format}${window}`] as const),
  ),
  ...FORMATS.map(format => [`/users/empty/playlists?format=${format}`] as const),
  [
    '/users/one/playlists',
    'text/plain',
    'text/csv',
    'application/x-ndjson',
    'text/html',
    'application/json, text/plain;q=0.9',
  ],
  ...['', '?limit=50&offset=50', '?offset=100000'].map(
    query => [`/v1/users/smedjan/playlists${query}`] as const,
  ),
  ['/v1/users/with-nulls/playlists?limit=1', 'image/png'],
  ['/v1/users/empty/playlists'],
  ['/', 'text/plain', 'application/json', 'text/html'],
  ['/health/live'],
  ['/health/ready'],
  ['/status', 'application/json', 'text/html'],
  ['/openapi.yaml'],
  ['/problems', 'text/html', 'text/markdown'],
  ['/problems/not-found', 'text/html', 'text/markdown'],
]

t.test(
  'every successful response is as documented, in every format, coding and window',
  async t => {
    const service = await startService(t)
    for (const [url, ...types] of answered) {
      await hold(t, service, url)
      for (const accept of types.length === 0 ? ['*/*'] : types) {
        for (const coding of ['identity', 'gzip', 'br', 'gzip, identity;q=0']) {
          const headers = { accept, 'accept-encoding': coding }
          const whole = await hold(t, service, url, headers)
          t.equal(whole.status, 200)
          const head = await hold(t, service, url, headers, 'HEAD')
          const { 'x-request-id': _, date, ...fields } = whole.headers
          t.match(head.headers, fields, 'HEAD has the same fields')
          const { etag } = whole.headers
          if (etag === undefined) continue
          const conditional = { ...headers, 'if-none-match': String(etag) }
          for (const method of ['GET', 'HEAD'] as const) {
            t.equal((await hold(t, service, url, conditional, method)).status, 304)
          }
        }
      }
    }
  },
)

t.test('the responses above cover every list format in every coding', async t => {
  const types = ['application/json', 'text/plain', 'text/csv', 'application/x-ndjson', 'text/html']
  for (const type of types) {
    for (const coding of ['identity', 'gzip', 'br']) {
      t.ok(coded.has(`${type}; charset=utf-8 ${coding}`), `${type} ${coding}`)
    }
  }
})

/** Provokes the problem in a new service, and checks the responses against openapi.yaml. */
async function meet(t: Test, root: string, url: string, problem: Case): Promise<void> {
  const service = await startService(t, problem.variables)
  await problem.provoke?.(service)
  const ask = async (method: 'GET' | 'HEAD', fields: Record<string, string> = {}) => {
    const asked = hold(t, service, url, { ...problem.headers, ...fields }, method)
    await problem.meanwhile?.(service)
    return service.clock.runUntil(asked)
  }
  const answer = await ask('GET')
  t.equal(answer.status, problem.status)
  const body = JSON.parse(answer.body)
  t.equal(body.error.status, problem.status)
  if (root === '') t.equal(body.type, `/problems/${problem.type}`)
  else t.same(Object.keys(body), ['error'])
  // A second request, after the failure, with no response body.
  if (problem.meanwhile === undefined) t.equal((await ask('HEAD')).status, problem.status)
}

/** Provokes the problem in a new service, and checks the HTML page against openapi.yaml. */
async function meetAsPage(t: Test, url: string, problem: Case): Promise<void> {
  const service = await startService(t, problem.variables)
  await problem.provoke?.(service)
  const asked = hold(t, service, url, { ...problem.headers, ...HTML })
  await problem.meanwhile?.(service)
  const answer = await service.clock.runUntil(asked)
  t.equal(answer.status, problem.status)
  t.match(answer.body, problems[problem.type].title)
  t.match(answer.headers['content-type'], 'text/html')
}

for (const root of ['', '/v1']) {
  t.test(`every problem from ${root}/users/{id}/playlists is as documented`, async t => {
    for (const problem of lookupCases) {
      const { type, user = 'smedjan', query = '' } = problem
      if (root === '/v1' && problem.notOfMirror) continue
      const url = `${root}/users/${user}/playlists${query}`
      await t.test(type, t => meet(t, root, url, problem))
      // Only requests for HTML get a page, and only outside /v1.
      if (root !== '' || problem.headers?.accept !== undefined) continue
      await t.test(`${type} as a page`, t => meetAsPage(t, url, problem))
    }
  })
}

for (const [url, cases] of [
  ['/health/ready', readinessCases],
  ['/status', statusCases],
  ['/metrics', statusCases],
] as const) {
  t.test(`every problem from ${url} is as documented`, async t => {
    for (const problem of cases) {
      await t.test(problem.type, t => meet(t, '', url, problem))
      await t.test(`${problem.type} as a page`, t => meetAsPage(t, url, problem))
    }
  })
}

t.test('the service refuses callers without a key or over the limit as documented', async t => {
  const key = 'k'.repeat(32)
  const variables = { API_KEYS: `a:${key}`, CALLER_REQUESTS_PER_MINUTE: '8' }
  const service = await startService(t, variables)
  const known = { authorization: `Bearer ${key}` }
  for (const [headers, status] of [
    [{}, 401],
    [{ authorization: 'Bearer x' }, 401],
    [known, 200],
    [known, 429],
  ] as const) {
    for (const url of [...LISTS, '/status', '/metrics']) {
      for (const method of ['GET', 'HEAD'] as const) {
        t.equal((await hold(t, service, url, { ...headers }, method)).status, status)
      }
    }
  }
  for (const url of ['/users/smedjan/playlists', '/status', '/metrics']) {
    t.equal((await hold(t, service, url, HTML)).status, 401)
    t.equal((await hold(t, service, url, { ...HTML, ...known })).status, 429)
  }
})

t.test('unauthenticated pages have the documented limit per address', async t => {
  for (const url of ['/', '/openapi.yaml', '/problems', '/problems/not-found']) {
    const service = await startService(t, { CALLER_REQUESTS_PER_MINUTE: '2' })
    for (const status of [200, 200, 429]) {
      t.equal((await hold(t, service, url)).status, status)
    }
    t.equal((await hold(t, service, url, {}, 'HEAD')).status, 429)
    t.equal((await hold(t, service, url, HTML)).status, 429)
  }
})

t.test('unauthenticated pages refuse a long Accept field as documented', async t => {
  const headers = { accept: 'a/b,'.repeat(3900) }
  const service = await startService(t)
  t.equal((await hold(t, service, '/', headers)).status, 431)
  t.equal((await hold(t, service, '/problems', headers)).status, 431)
  t.equal((await hold(t, service, '/problems/not-found', headers)).status, 431)
})

t.test('a stopping service reports as documented that it is not ready', async t => {
  const { app, clock } = await startService(t)
  const port = await listen(app)
  const arrived = once(app.server, 'connection')
  const socket = connect(port, '127.0.0.1')
  const [connection] = (await arrived) as [Socket]
  // A stopping service still responds to a partially received request.
  socket.write('GET /health/ready HTTP/1.1\r\nHost: x\r\n')
  await until(() => connection.bytesRead > 0)
  const closing = app.close()
  await until(() => !app.server.listening)
  socket.write('\r\n')
  const [answer] = responsesIn(await text(socket))
  t.equal(answer?.status, 503)
  t.same(contract.faultsOf({ method: 'GET', url: '/health/ready', ...answer } as never), [])
  await clock.runUntil(closing)
})

t.test('the home page form responds as documented', async t => {
  const service = await startService(t)
  t.equal((await hold(t, service, '/?user=one')).status, 303)
  for (const query of ['user=', 'user=a&user=b']) {
    t.equal((await hold(t, service, `/?${query}`)).status, 400)
    t.equal((await hold(t, service, `/?${query}`, HTML)).status, 400)
  }
})

t.test('an unknown problem page gets the documented 404', async t => {
  const service = await startService(t)
  t.equal((await hold(t, service, '/problems/none')).status, 404)
  t.equal((await hold(t, service, '/problems/none', HTML)).status, 404)
})

t.test('a browser with a malformed or long header field gets the documented page', async t => {
  const service = await startService(t, { CALLER_REQUESTS_PER_MINUTE: '1000' })
  for (const path of paths.filter(path => !path.startsWith('/v1/'))) {
    const url = path.replace(/\{\w+\}/, 'one')
    t.equal((await hold(t, service, url, { ...HTML, host: 'a b' })).status, 400)
    const forwarded = { ...HTML, 'x-forwarded-for': 'x'.repeat(1025) }
    const isLimited = !url.startsWith('/health/')
    t.equal((await hold(t, service, url, forwarded)).status === 431, isLimited, url)
  }
})

t.test('every path refuses requests unparsable by Node as documented', async t => {
  const { app } = await startService(t)
  const port = await listen(app)
  const hostile = {
    400: 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n',
    431: `X-Long: ${'x'.repeat(65_536)}\r\n`,
  }
  for (const path of paths) {
    const url = path.replace(/\{\w+\}/, 'one')
    for (const [status, field] of Object.entries(hostile)) {
      const request = `GET ${url} HTTP/1.1\r\nHost: x\r\n${field}\r\n`
      const [answer] = responsesIn(await exchange(port, request))
      t.equal(answer?.status, Number(status))
      t.same(contract.faultsOf({ method: 'GET', url, ...answer } as never), [], `${status} ${url}`)
    }
    const answer = await timeoutResponse(app, port)
    t.equal(answer?.status, 408)
    t.same(contract.faultsOf({ method: 'GET', url, ...answer } as never), [], `408 ${url}`)
  }
})

t.test(
  'the tests above have received every documented response; a new route or problem needs a case',
  async t => {
    t.same(
      contract.unseen.filter(name => !ofLinks(name)),
      [],
    )
  },
)

t.test('every example in openapi.yaml conforms to the schema', async t => {
  t.same(contract.badExamples, [])
})

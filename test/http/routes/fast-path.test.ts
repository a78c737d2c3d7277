import { once } from 'node:events'
import { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { setImmediate as nextTask } from 'node:timers/promises'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { Agent, request as send } from 'undici'
import { playlist } from '../../../sandbox/playlist.ts'
import { compressions } from '../../../src/http/representation/compression.ts'
import { occupyCompressions } from '../../support/busy-compressions.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { metricsOf, some } from '../../support/metrics.ts'
import { exchange, listen } from '../../support/raw-http.ts'
import { seconds, startService } from '../../support/service.ts'

type Headers = Record<string, string>
type Method = 'GET' | 'HEAD'

interface Options {
  variables?: Headers
  clock?: ManualClock
  others?: Parameters<typeof startService>[3]
}

/** Starts a listening service; `routed` counts the requests that its routes see. */
async function start(
  t: Pick<Test, 'teardown'>,
  { variables, clock, others = { logLevel: 'info' } }: Options = {},
) {
  const service = await startService(t, variables, clock, others)
  let count = 0
  service.app.addHook('onRequest', (_request, _reply, done) => {
    count++
    done()
  })
  const port = await listen(service.app)
  const agent = new Agent()
  t.teardown(() => agent.close())
  const fetch = async (path: string, headers: Headers = {}, method: Method = 'GET') => {
    const url = `http://127.0.0.1:${port}${path}`
    const response = await send(url, { headers, method, dispatcher: agent })
    return {
      status: response.statusCode,
      headers: response.headers,
      body: Buffer.from(await response.body.arrayBuffer()).toString('latin1'),
    }
  }
  /** How many requests the work sends through the routes. */
  const routed = async (work: () => Promise<unknown>) => {
    const before = count
    await work()
    return count - before
  }
  return { ...service, port, fetch, routed }
}

const PATH = '/users/one/playlists'

type Started = Awaited<ReturnType<typeof start>>

/** Requests the path until its hits need no route. */
async function warmUp({ fetch }: Pick<Started, 'fetch'>, headers: Headers = {}) {
  await fetch(PATH, headers)
  await fetch(PATH, headers)
}

t.test('the second hit of a request needs no route', async t => {
  const { fetch, routed } = await start(t)
  t.equal(await routed(() => fetch(PATH)), 1, 'a miss')
  t.equal(await routed(() => fetch(PATH)), 1, 'the first hit')
  t.equal(await routed(() => fetch(PATH)), 0)
})

interface Step {
  path: string
  headers: Headers
  method: Method
  /** Milliseconds since the step before. */
  laterMs: number
  repeat: number
}

t.test('a request through a route and one without get the same response', async t => {
  const clock = new ManualClock()
  const fast = await start(t, { clock })
  const slow = await start(t, { clock, others: { logLevel: 'debug' } })
  const paths = ['one', 'smedjan', 'none', 'unknown user'].flatMap(user =>
    ['', '?limit=2', '?format=csv', '?format=text&offset=1', '?format=html'].map(
      query => `/users/${encodeURIComponent(user)}/playlists${query}`,
    ),
  )
  const fields: fc.Arbitrary<Headers>[] = [
    fc.constant({}),
    fc.constantFrom('gzip', 'br', 'identity', 'identity;q=0').map(v => ({ 'accept-encoding': v })),
    fc.constantFrom('text/csv', '*/*', 'text/nothing').map(v => ({ accept: v })),
    fc.constantFrom('no-cache', 'max-age=5', 'only-if-cached').map(v => ({ 'cache-control': v })),
    fc.constantFrom('b.example:81', 'not a host').map(v => ({ host: v })),
    fc.constantFrom('*', '"x"').map(v => ({ 'if-none-match': v })),
    fc.constant({ 'if-modified-since': 'Mon, 23 Nov 2099 08:00:00 GMT' }),
    fc.constant({ 'x-forwarded-proto': 'https' }),
  ]
  const step: fc.Arbitrary<Step> = fc.record({
    path: fc.constantFrom(...paths, ...paths.map(path => `/v1${path}`)),
    headers: fc.oneof(...fields),
    method: fc.constantFrom<Method>('GET', 'GET', 'GET', 'HEAD'),
    laterMs: fc.constantFrom(0, 0, 0, 999, 1000, 200_000),
    repeat: fc.integer({ min: 1, max: 4 }),
  })
  const same = { host: 'a.example', 'x-request-id': 'same' }
  const seen = async ({ fetch }: Started, { path, headers, method }: Step) => {
    const {
      headers: { date: _date, ...fields },
      ...rest
    } = await fetch(path, { ...same, ...headers }, method)
    return { ...rest, fields }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), async steps => {
      for (const step of steps) {
        await clock.advance(step.laterMs)
        for (let nth = 0; nth < step.repeat; nth++) {
          const one = await seen(fast, step)
          t.same(one, await seen(slow, step))
          // Background revalidations of the two end at different times.
          const isStale = String(one.fields['cache-status']).includes('ttl=-')
          if (isStale) await Promise.all([fast.quiet(), slow.quiet()])
        }
      }
    }),
    { numRuns: 15 },
  )
})

t.test('requests that a route must see go through it', async t => {
  const { fetch, routed, clock } = await start(t)
  await warmUp({ fetch })
  for (const headers of [
    { 'cache-control': 'max-age=60' },
    { accept: 'text/csv' },
    { 'accept-encoding': 'gzip' },
    { host: 'other.example' },
    { origin: 'https://page.example' },
    { 'x-forwarded-proto': 'https' },
  ]) {
    t.equal(await routed(() => fetch(PATH, headers)), 1, Object.keys(headers).join())
  }
  t.equal(await routed(() => fetch(PATH, {}, 'HEAD')), 1)
  t.equal(await routed(() => fetch(`${PATH}?limit=3`)), 1)
  t.equal(await routed(() => fetch(PATH)), 0)
  await clock.advance(seconds(300))
  t.equal(await routed(() => fetch(PATH)), 1, 'the list is stale')
})

t.test('an absent field is not one whose value is "undefined"', async t => {
  const { port, fetch, routed } = await start(t)
  const http10 = () => exchange(port, `GET ${PATH} HTTP/1.0\r\n\r\n`)
  const withoutHost = () => exchange(port, `GET ${PATH} HTTP/1.1\r\nConnection: close\r\n\r\n`)
  for (let nth = 0; nth < 3; nth++) {
    t.equal(await routed(async () => t.match(await http10(), /^HTTP\/1.1 200 /)), 1)
  }
  t.match(await withoutHost(), /^HTTP\/1.1 400 /)
  await warmUp({ fetch })
  for (const name of ['accept', 'accept-encoding', 'origin']) {
    t.equal(await routed(() => fetch(PATH, { [name]: 'undefined' })), 1, name)
  }
  t.match(await fetch(PATH, { accept: 'undefined' }), { status: 406 })
})

t.test('a page that needs no route has no date, and shows when the list was read', async t => {
  const { fetch, routed, clock, quiet } = await start(t)
  const path = `${PATH}?format=html`
  for (let nth = 0; nth < 3; nth++) await fetch(path)
  let last: unknown
  t.equal(await routed(async () => (last = (await fetch(path)).headers['last-modified'])), 0)
  t.equal(last, undefined)
  await clock.advance(seconds(300))
  await fetch(path)
  await quiet()
  t.equal(await routed(() => fetch(path)), 1, 'the same list was read again')
})

t.test('a target longer than most is never remembered', async t => {
  const { fetch, routed } = await start(t)
  const long = `${PATH}?${'x'.repeat(1100)}`
  for (let nth = 0; nth < 3; nth++) t.equal(await routed(() => fetch(long)), 1)
})

t.test('a list that was revalidated is served in its new form', async t => {
  const { fetch, sandbox, clock, quiet, routed } = await start(t)
  await warmUp({ fetch })
  const revalidate = async () => {
    await clock.advance(seconds(300))
    await fetch(PATH)
    await quiet()
  }
  await revalidate()
  t.equal(await routed(() => fetch(PATH)), 0, 'it has not changed')
  sandbox.setUser('one', [])
  await revalidate()
  t.match(JSON.parse((await fetch(PATH)).body), { total: 0 })
  await fetch(PATH)
  t.equal(await routed(() => fetch(PATH)), 0)
  t.match(JSON.parse((await fetch(PATH)).body), { total: 0 })
})

t.test('a list that was read anew has its new date', async t => {
  const { fetch, clock, routed } = await start(t)
  const date = async () => (await fetch(PATH)).headers['last-modified']
  await warmUp({ fetch })
  const before = await date()
  // Longer than the cache keeps a list, while it keeps the representation.
  await clock.advance(seconds(50_000))
  const after = await date()
  t.not(after, before)
  t.equal(await routed(async () => t.equal(await date(), after)), 0)
})

t.test('hits without a route are counted like all others', async t => {
  const service = await start(t)
  await warmUp(service)
  t.equal(await service.routed(() => service.fetch(PATH)), 0)
  const expected = {
    'http_request_duration_seconds_count{route="/users/:id/playlists",status="200",cache="hit"}': 2,
    'caller_requests_total{caller="anonymous"}': 3,
    'cache_lookups_total{result="hit"}': 2,
  }
  t.same(some(await metricsOf(service), expected), expected)
})

t.test('each hit counts against the limit of its caller, once', async t => {
  const { fetch, routed } = await start(t, { variables: { CALLER_REQUESTS_PER_MINUTE: '4' } })
  await warmUp({ fetch })
  const remaining = async () => (await fetch(PATH)).headers.ratelimit
  t.equal(await routed(async () => t.equal(await remaining(), '"caller";r=1;t=60')), 0)
  const forwarded = { 'x-forwarded-for': '192.0.2.1' }
  t.equal(await routed(() => fetch(PATH, forwarded)), 1, 'only a route knows the caller')
  const { status } = await fetch(PATH)
  t.equal(status, 429)
})

t.test('a hit needs a valid key', async t => {
  const key = 'k'.repeat(32)
  const limit = { CALLER_REQUESTS_PER_MINUTE: '100' }
  for (const variables of [{}, limit]) {
    const { fetch, routed } = await start(t, {
      variables: { API_KEYS: `one:${key}`, ...variables },
    })
    const authorization = `Bearer ${key}`
    await warmUp({ fetch }, { authorization })
    t.equal(await routed(() => fetch(PATH, { authorization })), 0)
    t.match(await fetch(PATH), { status: 401 })
    t.match(await fetch(PATH, { authorization: `${authorization}x` }), { status: 401 })
  }
})

/** Windows of some 13 kB, more than fit into the quarter of 1 MiB for representations. */
const WINDOWS = Array.from(
  { length: 40 },
  (_, offset) => `/users/smedjan/playlists?limit=10&offset=${offset}`,
)

t.test('a representation that was evicted is made by a route again', async t => {
  const { fetch, routed } = await start(t, { variables: { CACHE_MAX_BYTES: '1048576' } })
  await warmUp({ fetch })
  for (const window of WINDOWS) await fetch(window)
  t.equal(await routed(() => warmUp({ fetch })), 2)
  t.equal(await routed(() => fetch(PATH)), 0)
})

t.test('a route makes a representation that is too large for the cache each time', async t => {
  const { fetch, routed, sandbox } = await start(t, { variables: { CACHE_MAX_BYTES: '1048576' } })
  const name = 'x'.repeat(500)
  const list = Array.from({ length: 350 }, (_, nth) => ({ ...playlist('one', nth), name }))
  sandbox.setUser('one', list)
  const path = `${PATH}?format=ndjson`
  for (let nth = 0; nth < 4; nth++) {
    t.equal(await routed(async () => t.match(await fetch(path), { status: 200 })), 1)
  }
})

t.test('hits keep their representation in the cache', async t => {
  const { fetch, routed, clock } = await start(t, { variables: { CACHE_MAX_BYTES: '1048576' } })
  await warmUp({ fetch })
  for (const window of WINDOWS) {
    await fetch(window)
    await clock.advance(500)
    t.equal(await routed(() => fetch(PATH)), 0)
  }
})

t.test('an uncompressed body for a caller that prefers another is not remembered', async t => {
  const { fetch, routed } = await start(t)
  const path = '/users/smedjan/playlists'
  const headers = { 'accept-encoding': 'gzip' }
  await fetch(path)
  const free = occupyCompressions(t)
  const caller = new AbortController()
  const waiting = compressions.compress([], 4 * 1024 * 1024, 'br', caller.signal)
  for (let nth = 0; nth < 3; nth++) {
    t.equal(await routed(() => fetch(path, headers)), 1)
  }
  await free()
  await waiting
  t.match(await fetch(path, headers), { headers: { 'content-encoding': 'gzip' } })
})

t.test('a client that disconnects before the end of a hit counts as 499', async t => {
  const service = await start(t)
  const path = '/users/collector/playlists'
  for (let nth = 0; nth < 2; nth++) await service.fetch(path)
  const socket = connect(service.port, '127.0.0.1')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${service.port}\r\n\r\n`.repeat(20))
  await once(socket, 'readable')
  socket.destroy()
  const name = `http_request_duration_seconds_count{route="/users/:id/playlists",status="499",cache="hit"}`
  const closed = async () => (await metricsOf(service)).get(name) ?? 0
  // The client has received a part of the first response, so the server has not sent them all.
  while ((await closed()) === 0) await nextTask()
  t.ok((await closed()) <= 20)
})

t.test('Node builds the head of repeated hits once, and a shutdown ends its use', async t => {
  const { writeHead } = ServerResponse.prototype
  let built = 0
  t.teardown(() => {
    ServerResponse.prototype.writeHead = writeHead
  })
  ServerResponse.prototype.writeHead = function (...args: unknown[]) {
    built++
    return Reflect.apply(writeHead, this, args)
  }
  const { fetch, clock, app } = await start(t)
  await warmUp({ fetch })
  await fetch(PATH)
  const etag = String((await fetch(PATH)).headers.etag)
  await fetch(PATH, { 'if-none-match': etag })
  const before = built
  await clock.advance(seconds(2))
  for (const [headers, status] of [
    [{}, 200],
    [{ 'if-none-match': etag }, 304],
  ] as const) {
    const response = await fetch(PATH, { ...headers, 'x-request-id': `of-${status}` })
    const date = new Date(clock.now()).toUTCString()
    t.match(response, { status, headers: { age: '2', date, 'x-request-id': `of-${status}` } })
  }
  t.equal(built, before)
  app.server.prependOnceListener('request', (_request, response) => {
    response.shouldKeepAlive = false
  })
  t.match(await fetch(PATH), { status: 200, headers: { connection: 'close' } })
  t.equal(built, before + 1)
})

t.test('hits without an id of their own get one, each another', async t => {
  const { fetch } = await start(t)
  await warmUp({ fetch })
  const ids = new Set<unknown>()
  for (let nth = 0; nth < 20; nth++) ids.add((await fetch(PATH)).headers['x-request-id'])
  t.equal(ids.size, 20)
})

t.test('a traced service sends all requests through its routes', async t => {
  const { fetch, routed } = await start(t, { others: { logLevel: 'info', isTraced: true } })
  t.equal(await routed(() => warmUp({ fetch })), 2)
  t.equal(await routed(() => fetch(PATH)), 1)
})

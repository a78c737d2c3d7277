import { once } from 'node:events'
import { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { setImmediate as nextTask } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { playlist } from '../../../sandbox/playlist.ts'
import { metricsOf, some } from '../../support/metrics.ts'
import { seconds } from '../../support/service.ts'
import { PATH, start, warmUp } from './fast-path-support.ts'

t.test('the metrics count fast path hits like other hits', async t => {
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

t.test("each hit counts once against the caller's limit", async t => {
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

t.test('a hit counts as 499 if the client disconnects before the end', async t => {
  const service = await start(t)
  const path = '/users/collector/playlists'
  for (let nth = 0; nth < 2; nth++) await service.fetch(path)
  const socket = connect(service.port, '127.0.0.1')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${service.port}\r\n\r\n`.repeat(20))
  await once(socket, 'readable')
  socket.destroy()
  const name = `http_request_duration_seconds_count{route="/users/:id/playlists",status="499",cache="hit"}`
  const closed = async () => (await metricsOf(service)).get(name) ?? 0
  // The client has received part of the first response, so the server has not sent all responses.
  while ((await closed()) === 0) await nextTask()
  t.ok((await closed()) <= 20)
})

/** Counts the calls to a method on all responses until the test ends. */
function countCalls(t: Test, name: 'write' | 'writeHead'): () => number {
  const method = ServerResponse.prototype[name]
  let calls = 0
  t.teardown(() => Object.assign(ServerResponse.prototype, { [name]: method }))
  const counted = function (this: ServerResponse, ...args: unknown[]) {
    calls++
    return Reflect.apply(method, this, args)
  }
  Object.assign(ServerResponse.prototype, { [name]: counted })
  return () => calls
}

t.test('a list body is one piece from the first hit on', async t => {
  const written = countCalls(t, 'write')
  const { fetch, routed, clock } = await start(t)
  const path = '/users/smedjan/playlists'
  const { body } = await fetch(path)
  t.ok(written() > 0, 'a miss sends the parts')
  const hit = () => routed(async () => t.equal((await fetch(path)).body, body))
  const before = written()
  t.equal(await hit(), 1, 'the first hit')
  t.equal(await hit(), 0)
  t.equal(written(), before)
  // The cache then holds the representation, but no longer the list.
  await clock.advance(seconds(50_000))
  await fetch(path)
  const after = written()
  t.equal(await hit(), 0, 'the first hit of the list that was read again')
  t.equal(written(), after)
})

t.test(
  'Node builds the head for repeated hits once, and a new head for the last response',
  async t => {
    const built = countCalls(t, 'writeHead')
    const { fetch, clock, app } = await start(t)
    await warmUp({ fetch })
    await fetch(PATH)
    const etag = String((await fetch(PATH)).headers.etag)
    await fetch(PATH, { 'if-none-match': etag })
    const before = built()
    await clock.advance(seconds(2))
    for (const [headers, status] of [
      [{}, 200],
      [{ 'if-none-match': etag }, 304],
    ] as const) {
      const response = await fetch(PATH, { ...headers, 'x-request-id': `of-${status}` })
      const date = new Date(clock.now()).toUTCString()
      t.match(response, { status, headers: { age: '2', date, 'x-request-id': `of-${status}` } })
    }
    t.equal(built(), before)
    app.server.prependOnceListener('request', (_request, response) => {
      response.shouldKeepAlive = false
    })
    t.match(await fetch(PATH), { status: 200, headers: { connection: 'close' } })
    t.equal(built(), before + 1)
    t.match(await fetch(PATH), { status: 200, headers: { connection: 'keep-alive' } })
    t.equal(built(), before + 1, 'the kept head is still there')
  },
)

t.test('hits without a request id from the caller get different ids', async t => {
  const { fetch } = await start(t)
  await warmUp({ fetch })
  const ids = new Set<unknown>()
  for (let nth = 0; nth < 20; nth++) ids.add((await fetch(PATH)).headers['x-request-id'])
  t.equal(ids.size, 20)
})

/** Windows of some 13 kB, more than fit into the quarter of 1 MiB for representations. */
const WINDOWS = Array.from(
  { length: 40 },
  (_, offset) => `/users/smedjan/playlists?limit=10&offset=${offset}`,
)

t.test('a route regenerates an evicted representation', async t => {
  const { fetch, routed } = await start(t, { variables: { CACHE_MAX_BYTES: '1048576' } })
  await warmUp({ fetch })
  for (const window of WINDOWS) await fetch(window)
  t.equal(await routed(() => warmUp({ fetch })), 2)
  t.equal(await routed(() => fetch(PATH)), 0)
})

t.test('a route regenerates a representation too large for the cache at every request', async t => {
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

t.test('requests in use stay remembered while the service forgets older requests', async t => {
  const { fetch, routed, clock } = await start(t, { variables: { CACHE_MAX_BYTES: '1048576' } })
  await warmUp({ fetch })
  for (const window of WINDOWS) {
    // The service makes the representation, remembers the request, and then needs no route.
    for (const routes of [1, 1, 0]) t.equal(await routed(() => fetch(window)), routes)
    await clock.advance(1000)
    t.equal(await routed(() => fetch(PATH)), 0)
  }
  t.equal(await routed(() => fetch(WINDOWS[0] as string)), 1)
})

import { once } from 'node:events'
import { createServer } from 'node:http'
import t from 'tap'
import { RequestLog } from '../../sandbox/requests.ts'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { sandboxFor } from './support.ts'

const SMEDJAN = '/v1/users/smedjan/playlists'

t.test('the sandbox records every request', async t => {
  const { sandbox, call, requestToken } = await sandboxFor(t)
  await requestToken()
  await call('GET', '/v1/users/%23mimble!/playlists?limit=50&offset=50', { 'x-own': 'yes' })
  await call('GET', '/favicon.ico')
  t.match(sandbox.requests, [
    { kind: 'token', method: 'POST', path: '/api/token', status: 200 },
    {
      kind: 'api',
      method: 'GET',
      path: '/v1/users/%23mimble!/playlists?limit=50&offset=50',
      headers: { 'x-own': 'yes' },
      userId: '#mimble!',
      offset: 50,
      status: 401,
    },
    { kind: 'other', path: '/favicon.ico', status: 404 },
  ])
  t.same([sandbox.count('token'), sandbox.count('api')], [1, 1])
  sandbox.clear()
  t.same(sandbox.requests, [])
  t.same([sandbox.count('token'), sandbox.count('api')], [0, 0])
})

t.test('held requests get their responses after the release', async t => {
  const { sandbox, call, bearer } = await sandboxFor(t)
  const headers = await bearer()
  const release = sandbox.hold('api')
  const secondRelease = sandbox.hold('api')
  const replies = [1, 2, 3].map(() => call('GET', SMEDJAN, headers))
  await sandbox.arrived('api', 3)
  t.equal(sandbox.peakInFlight, 3)
  await bearer()
  t.pass('token requests are not held')
  release()
  const fourth = call('GET', SMEDJAN, headers)
  await sandbox.arrived('api', 4)
  t.ok(sandbox.requests.every(({ kind, status }) => kind === 'token' || status === undefined))
  secondRelease()
  for (const { status } of await Promise.all([...replies, fourth])) t.equal(status, 200)
  t.equal((await call('GET', SMEDJAN, headers)).status, 200, 'later requests are not held')
  t.equal(sandbox.peakInFlight, 4)
})

t.test('held token requests get their tokens after the release', async t => {
  const { sandbox, token } = await sandboxFor(t)
  const release = sandbox.hold('token')
  const tokens = [token(), token()]
  await sandbox.arrived('token', 2)
  t.same(sandbox.issuedTokens, [])
  release()
  t.same(new Set(await Promise.all(tokens)), new Set(sandbox.issuedTokens))
  t.equal(sandbox.peakInFlight, 0, 'only Web API requests count')
})

t.test('arrived() counts requests from before and after the call', async t => {
  const { sandbox, call } = await sandboxFor(t)
  const both = sandbox.arrived('api', 2)
  await call('GET', SMEDJAN)
  await sandbox.arrived('api', 1)
  await call('GET', SMEDJAN)
  await both
  sandbox.clear()
  const again = sandbox.arrived('api', 1)
  await call('GET', SMEDJAN)
  await again
  t.equal(sandbox.count('api'), 1)
})

t.test('a client that disconnects while held consumes no fault', async t => {
  const { sandbox, origin, call } = await sandboxFor(t)
  sandbox.fault({ on: 'api', times: 1, answer: 'bad-gateway' })
  const release = sandbox.hold('api')
  const leaving = new AbortController()
  const left = t.rejects(fetch(`${origin}${SMEDJAN}`, { signal: leaving.signal }))
  await sandbox.arrived('api', 1)
  leaving.abort()
  await left
  const staying = call('GET', SMEDJAN)
  await sandbox.arrived('api', 2)
  release()
  t.equal((await staying).status, 502)
})

t.test('after clear, the peak includes requests in flight', async t => {
  const { sandbox, call } = await sandboxFor(t)
  const release = sandbox.hold('api')
  const first = call('GET', SMEDJAN)
  await sandbox.arrived('api', 1)
  sandbox.clear()
  t.equal(sandbox.peakInFlight, 1)
  release()
  await first
  sandbox.clear()
  t.equal(sandbox.peakInFlight, 0)
})

t.test('the latency delays Web API responses, including faults', async t => {
  const { sandbox, call, requestToken, bearer } = await sandboxFor(t, { latencyMs: 20 })
  const headers = await bearer()
  let startedAtMs = performance.now()
  t.equal((await call('GET', SMEDJAN, headers)).status, 200)
  t.ok(performance.now() - startedAtMs >= 19, 'timers may fire up to a millisecond early')
  sandbox.fault({ on: 'api', answer: 'reset' })
  startedAtMs = performance.now()
  await t.rejects(call('GET', SMEDJAN, headers))
  t.ok(performance.now() - startedAtMs >= 19)
  sandbox.latencyMs = 3_600_000
  t.equal((await requestToken()).status, 200, 'no latency of token requests')
  const waiting = t.rejects(call('GET', SMEDJAN, headers))
  await sandbox.arrived('api', 3)
  await sandbox.close()
  await waiting
})

t.test('the record keeps only the latest requests, but the count includes all', async t => {
  const log = new RequestLog(2)
  const server = createServer((req, res) => {
    log.add(req, res)
    res.end()
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address?.port
  for (const path of ['/v1/1', '/v1/2', '/v1/3']) await fetch(`http://127.0.0.1:${port}${path}`)
  t.match(log.requests, [{ path: '/v1/2' }, { path: '/v1/3' }])
  t.equal(log.requests.length, 2)
  t.equal(log.count('api'), 3)
})

t.test('a sandbox can listen on IPv6', async t => {
  const sandbox = await startSandbox({ host: '::1' }).catch((error: NodeJS.ErrnoException) => error)
  if (sandbox instanceof Error) {
    t.match(sandbox.code, /^(EADDRNOTAVAIL|EAFNOSUPPORT)$/, 'the machine has no IPv6')
    return
  }
  t.teardown(() => sandbox.close())
  t.equal(sandbox.apiUrl, `http://[::1]:${sandbox.port}/v1`)
  t.equal(sandbox.tokenUrl, `http://[::1]:${sandbox.port}/api/token`)
})

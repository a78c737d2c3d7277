import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import t, { type Test } from 'tap'
import { parseProxyUrl } from '../../src/config/proxy.ts'
import { createTransport } from '../../src/spotify/transport.ts'
import { type Misbehaviour, startProxy } from '../support/connect-proxy.ts'
import { failureOf } from '../support/failure-of.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'

const never = new AbortController().signal
const request = { method: 'GET', path: '/', headers: {} } as const
const CONNECTIONS = 2

async function transportThrough(t: Test, proxyUrl: string, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const clock = new ManualClock()
  const transport = createTransport(`http://127.0.0.1:${port}`, CONNECTIONS, {
    clock,
    timeoutMs: 5000,
    maxBytes: 1000,
    proxy: parseProxyUrl(proxyUrl),
  })
  t.teardown(async () => {
    await transport.close()
    server.closeAllConnections()
    server.close()
  })
  const sendAll = (count: number) =>
    Promise.all(Array.from({ length: count }, () => transport.send(request, never)))
  return { transport, clock, authority: `127.0.0.1:${port}`, sendAll }
}

t.test('requests use the proxy and as many connections as without a proxy', async t => {
  const proxy = await startProxy(t)
  const headers: unknown[] = []
  const { authority, sendAll } = await transportThrough(t, proxy.url, (incoming, response) => {
    headers.push(incoming.headers)
    response.end('fine')
  })
  for (let round = 0; round < 3; round++) {
    for (const { body } of await sendAll(10)) t.equal(body, 'fine')
  }
  t.same(proxy.targets, Array(CONNECTIONS).fill(authority), 'connections are reused')
  t.match(headers[0], { host: authority })
})

t.test('only the proxy gets the proxy user and password', async t => {
  const proxy = await startProxy(t, 'user:secret')
  const seen: string[] = []
  const { transport } = await transportThrough(t, proxy.url, (incoming, response) => {
    seen.push(JSON.stringify(incoming.rawHeaders))
    response.end('fine')
  })
  t.equal((await transport.send(request, never)).body, 'fine')
  t.notMatch(seen.join(), /proxy-/i)
})

t.test('size and time limits also apply through a proxy', async t => {
  const proxy = await startProxy(t)
  const { transport, clock } = await transportThrough(t, proxy.url, ({ url }, response) => {
    if (url === '/large') response.end('x'.repeat(1001))
  })
  const large = transport.send({ ...request, path: '/large' }, never)
  t.match(await failureOf(large), { type: 'spotify-bad-response' })

  const slow = failureOf(transport.send(request, never))
  await until(() => proxy.targets.length === 2)
  await clock.advance(5000)
  t.match(await slow, { type: 'spotify-unavailable' })

  const aborting = new AbortController()
  const aborted = failureOf(transport.send(request, aborting.signal))
  const reason = new Error('no longer wanted')
  aborting.abort(reason)
  t.equal(await aborted, reason)
  t.same(clock.pending, [])
})

t.test('a dead connection through a proxy is replaced', async t => {
  const proxy = await startProxy(t)
  const used = new WeakSet<object>()
  const { transport, sendAll } = await transportThrough(t, proxy.url, ({ socket }, response) => {
    if (used.has(socket)) return socket.destroy()
    used.add(socket)
    return setImmediate(() => response.end('fine'))
  })
  await sendAll(CONNECTIONS)
  for (let round = 0; round < 3; round++) {
    t.equal((await transport.send(request, never)).body, 'fine')
  }
})

const FAILURES: [Misbehaviour, detail: RegExp, code: string | undefined, transient: boolean][] = [
  ['end', /is unreachable or sent no response/, 'UND_ERR_SOCKET', true],
  ['close', /is unreachable or sent no response/, 'UND_ERR_SOCKET', true],
  ['reset', /is unreachable or sent no response/, 'ECONNRESET', true],
  ['garbage', /is unreachable or sent no response/, undefined, true],
  ['unauthorized', /rejects the user and password.*401/, 'PROXY_STATUS_401', false],
  ['forbidden', /responded with status 403/, 'PROXY_STATUS_403', false],
  ['unavailable', /responded with status 502/, 'PROXY_STATUS_502', true],
]

t.test('the problem blames a proxy that opens no connection, after one attempt', async t => {
  for (const [misbehaviour, detail, code, transient] of FAILURES) {
    const proxy = await startProxy(t)
    const { transport } = await transportThrough(t, proxy.url, (_request, response) => {
      response.end('fine')
    })
    proxy.misbehaviour = misbehaviour
    const failure = (await failureOf(transport.send(request, never))) as Error
    t.match(failure, { type: 'spotify-unavailable', transient }, misbehaviour)
    t.match(failure.message, /^The forward proxy/)
    t.match(failure.message, detail)
    const { cause } = failure as { cause: { code?: string; cause?: { code?: string } } }
    t.equal(cause.code ?? cause.cause?.code, code)
    t.equal(proxy.targets.length, 1, 'one attempt')

    proxy.misbehaviour = 'none'
    t.equal((await transport.send(request, never)).body, 'fine', 'the next request succeeds')
  }
})

t.test('the problem blames a proxy that rejects the password', async t => {
  const proxy = await startProxy(t, 'user:right')
  for (const url of [proxy.url.replace('right', 'wrong'), proxy.url.replace('user:right@', '')]) {
    const { transport } = await transportThrough(t, url, () => {})
    const failure = (await failureOf(transport.send(request, never))) as Error
    t.match(failure, { type: 'spotify-unavailable', transient: false })
    t.match(failure.message, /status 407.*HTTPS_PROXY/)
    t.match(failure.cause, { code: 'PROXY_STATUS_407' })
    t.notMatch(failure.message, /wrong|user:/)
  }
})

t.test('the problem blames an unreachable proxy', async t => {
  const { transport } = await transportThrough(t, 'http://127.0.0.1:1', () => {})
  const failure = (await failureOf(transport.send(request, never))) as Error
  t.match(failure, { type: 'spotify-unavailable', transient: true })
  t.match(failure.cause, { cause: { code: 'ECONNREFUSED' } })
})

t.test('a timeout or abort ends an attempt waiting for a hanging proxy', async t => {
  const proxy = await startProxy(t)
  proxy.misbehaviour = 'hang'
  const { transport, clock } = await transportThrough(t, proxy.url, () => {})
  const late = failureOf(transport.send(request, never))
  const aborting = new AbortController()
  const aborted = failureOf(transport.send(request, aborting.signal))
  await until(() => proxy.targets.length === 2)
  const reason = new Error('no longer wanted')
  aborting.abort(reason)
  t.equal(await aborted, reason)
  await clock.advance(5000)
  t.match(await late, {
    type: 'spotify-unavailable',
    message: 'The forward proxy did not respond within 5000 ms.',
    cause: { code: 'PROXY_TIMEOUT' },
  })
  await transport.close()
  await until(() => proxy.sockets.size === 0)
})

/** A server that records the first bytes on each connection, then closes it. */
async function startRecorder(t: Test) {
  const received: Buffer[] = []
  const server = createTcpServer(socket => {
    socket.once('data', data => {
      received.push(data)
      socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  t.teardown(() => server.close())
  return { received, port: (server.address() as AddressInfo).port }
}

/** Returns the error from a request to `origin` through the proxy. */
async function failureThrough(proxyUrl: string, origin: string) {
  const transport = createTransport(origin, 1, {
    clock: new ManualClock(),
    timeoutMs: 5000,
    maxBytes: 1000,
    proxy: parseProxyUrl(proxyUrl),
  })
  const failure = await failureOf(transport.send(request, never))
  await transport.close()
  return failure
}

/** First byte in a TLS handshake (RFC 8446 5.1). */
const HANDSHAKE = 22

t.test('https uses TLS inside the connection through the proxy', async t => {
  const proxy = await startProxy(t)
  const { received, port } = await startRecorder(t)
  await failureThrough(proxy.url, `https://127.0.0.1:${port}`)
  t.equal(received[0]?.[0], HANDSHAKE)
})

t.test('the TLS handshake with a proxy names the proxy', async t => {
  const { received, port } = await startRecorder(t)
  const failure = await failureThrough(`https://localhost:${port}`, 'https://spotify.invalid')
  t.match(failure, { type: 'spotify-unavailable' })
  t.equal(received[0]?.[0], HANDSHAKE)
  t.match(received[0]?.toString('latin1'), 'localhost')
  t.notMatch(received[0]?.toString('latin1'), 'spotify')
})

t.test("CONNECT includes the scheme's default port", async t => {
  for (const [origin, target] of [
    ['https://spotify.invalid', 'spotify.invalid:443'],
    ['http://spotify.invalid', 'spotify.invalid:80'],
    ['https://[2001:db8::1]', '[2001:db8::1]:443'],
    ['http://[2001:db8::1]:8080', '[2001:db8::1]:8080'],
  ] as const) {
    const proxy = await startProxy(t)
    proxy.misbehaviour = 'forbidden'
    await failureThrough(proxy.url, origin)
    t.same(proxy.targets, [target])
  }
})

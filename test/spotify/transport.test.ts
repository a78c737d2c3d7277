import { getEventListeners } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as nextTick } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import type { Problem } from '../../src/problems/problem.ts'
import { createTransport } from '../../src/spotify/transport.ts'
import { failureOf } from '../support/failure-of.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/until.ts'

const never = new AbortController().signal
const request = { method: 'GET', path: '/', headers: {} } as const

async function transportWith(t: Test, listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const clock = new ManualClock()
  const transport = createTransport(`http://127.0.0.1:${port}`, 2, {
    clock,
    timeoutMs: 5000,
    maxBytes: 1000,
  })
  t.teardown(async () => {
    await transport.close()
    server.closeAllConnections()
    server.close()
  })
  return { transport, clock }
}

t.test('a response is complete and decoded, and leaves neither timer nor listener', async t => {
  const { transport, clock } = await transportWith(t, ({ url }, response) => {
    if (url === '/gzip') response.setHeader('content-encoding', 'gzip')
    if (url === '/identity') response.setHeader('content-encoding', 'Identity')
    response.writeHead(203, { 'x-some': 'thing' })
    response.end(url === '/gzip' ? gzipSync('content é') : 'content é')
  })
  for (const path of ['/plain', '/gzip', '/identity']) {
    const response = await transport.send({ ...request, path }, never)
    t.match(response, { status: 203, body: 'content é', headers: { 'x-some': 'thing' } })
  }
  t.same(clock.pending, [])
  t.same(getEventListeners(never, 'abort'), [])
})

t.test('the size limit applies to the encoded and the decoded body', async t => {
  const { transport } = await transportWith(t, ({ url = '' }, response) => {
    const [, coding, size] = url.split('/')
    const body = 'x'.repeat(Number(size))
    if (coding === 'gzip') response.setHeader('content-encoding', 'gzip')
    response.end(coding === 'gzip' ? gzipSync(body) : body)
  })
  for (const coding of ['plain', 'gzip']) {
    for (const size of [999, 1000]) {
      const { body } = await transport.send({ ...request, path: `/${coding}/${size}` }, never)
      t.equal(body.length, size)
    }
    const failure = await failureOf(transport.send({ ...request, path: `/${coding}/1001` }, never))
    t.match(failure, { type: 'spotify-bad-response', transient: false }, coding)
  }
})

t.test('the transport calls onRead before decoding a 200, and not for a refusal', async t => {
  const { transport } = await transportWith(t, ({ url = '' }, response) => {
    response.writeHead(Number(url.slice(1)), { 'content-encoding': 'gzip' }).end('no gzip')
  })
  for (const [path, timesRead] of [
    ['/200', 1],
    ['/429', 0],
    ['/503', 0],
  ] as const) {
    const events: string[] = []
    const onRead = async () => {
      events.push('read')
      await nextTick()
      events.push('go on')
    }
    const sent = transport.send({ ...request, path }, never, { onRead })
    await sent.catch(() => events.push('failed')).finally(() => events.push('over'))
    t.equal(events.filter(event => event === 'read').length, timesRead, path)
    if (timesRead === 1) t.same(events, ['read', 'go on', 'failed', 'over'])
  }
})

t.test('the attempt timeout ends with the last response byte', async t => {
  const { transport, clock } = await transportWith(t, (_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip')
  })
  const sent = transport.send(request, never, { onRead: () => clock.advance(6000) })
  t.match(await failureOf(sent), { type: 'spotify-bad-response' }, 'no timeout')
})

t.test('a refusal keeps its status if the body is cut off', async t => {
  const { transport } = await transportWith(t, (_request, response) => {
    response.writeHead(429, { 'retry-after': '7', 'content-length': 100 })
    response.write('cut', () => response.destroy())
  })
  const { status, headers, body } = await transport.send(request, never)
  t.match(
    { status, body, retryAfter: headers['retry-after'] },
    { status: 429, body: '', retryAfter: '7' },
  )
})

t.test('a malformed or truncated response is a bad response', async t => {
  for (const response of [
    'NOT HTTP\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
    `HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`,
    'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\ncut',
  ]) {
    const { transport } = await transportWith(t, ({ socket }) => socket.end(response))
    const failure = await failureOf(transport.send(request, never))
    t.match(failure, { type: 'spotify-bad-response', transient: true }, response.slice(0, 40))
  }
})

t.test(
  'a refusal with a hanging body keeps its status at the timeout, and an abort rejects with its reason',
  async t => {
    const { transport, clock } = await transportWith(t, (_request, response) => {
      response.writeHead(503).write('and then nothing')
    })
    const timingOut = transport.send(request, never).catch((error: Problem) => error)
    await until(() => clock.pending.length === 1)
    const aborting = new AbortController()
    const aborted = failureOf(transport.send(request, aborting.signal))
    await until(() => clock.pending.length === 2)
    const reason = new Error('no longer wanted')
    aborting.abort(reason)
    t.equal(await aborted, reason)
    await clock.advance(5000)
    t.match(await timingOut, { status: 503 }, 'the status of the refusal, or of the problem')
  },
)

t.test('an abort before or during a request rejects with the abort reason', async t => {
  const { transport, clock } = await transportWith(t, () => {})
  const aborting = new AbortController()
  const sending = failureOf(transport.send(request, aborting.signal))
  const reason = new Error('no longer wanted')
  aborting.abort(reason)
  t.equal(await sending, reason)
  t.equal(await failureOf(transport.send(request, aborting.signal)), reason)
  t.same(clock.pending, [])
})

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { buildHead, linesOf, reuseHead } from '../../src/http/ready-head.ts'
import { exchange } from '../support/raw-http.ts'

const OWN = ['x-request-id', 'one', 'date', 'Mon, 30 Nov 2026 12:00:00 GMT']
const OTHERS = { 200: ['etag', '"x"', 'content-length', '2'], 304: ['etag', '"x"'] }

/**
 * Responds to all requests, with a reused head if there is one. Each text contains the requests on one
 * connection. Returns whether each head was reused, and the bytes of each response.
 */
async function responses(t: Test, status: 200 | 304, ...connections: string[]) {
  let end: string | undefined
  const reused: boolean[] = []
  const server = createServer({ requireHostHeader: false }, (_request, response) => {
    const isReused = reuseHead(response, status, linesOf(OWN), end)
    reused.push(isReused)
    if (!isReused) end = buildHead(response, status, OWN, OTHERS[status])
    t.equal(response.statusCode, status)
    t.ok(response.headersSent)
    response.end(status === 200 ? 'ok' : undefined)
  })
  t.teardown(() => server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  let received = ''
  for (const requests of connections) received += await exchange(port, requests)
  return { reused, received: received.split(/(?=HTTP\/1\.1)/) }
}

const GET = 'GET / HTTP/1.1\r\n\r\n'
const LAST = 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'
const OLD = 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'

t.test('Node builds a head once, and sends the same bytes with it again', async t => {
  for (const status of [200, 304] as const) {
    const { reused, received } = await responses(t, status, GET + GET + LAST)
    t.same(reused, [false, true, false])
    t.equal(received[0], received[1])
    t.match(received[0], /date: Mon, 30 Nov 2026 12:00:00 GMT\r\n/)
    t.match(received[0], /\r\nConnection: keep-alive\r\nKeep-Alive: timeout=\d+\r\n\r\n/)
    t.equal(received[0]?.match(/date/gi)?.length, 1)
  }
})

t.test('the last response on a connection does not share the head', async t => {
  const { reused, received } = await responses(t, 200, LAST, GET + LAST)
  t.same(reused, [false, false, false])
  t.match(received[0], /\r\nConnection: close\r\n\r\nok$/)
  t.match(received[1], /\r\nConnection: keep-alive\r\n/)
  t.equal(received[2], received[0])
})

t.test('an HTTP/1.0 response does not share the head', async t => {
  const { reused, received } = await responses(t, 304, GET + OLD, OLD, GET + LAST)
  t.same(reused, [false, false, false, false, false])
  // Node cannot tell such a client where a response without a length ends.
  t.match(received[1], /\r\nConnection: close\r\n\r\n$/)
  t.match(received[3], /\r\nConnection: keep-alive\r\n/)
})

t.test('if Node keeps the head elsewhere, each response gets a new head', async t => {
  const response = { req: { httpVersion: '1.1' }, shouldKeepAlive: true, writeHead() {} }
  const ignoring = { ...response, headersSent: false }
  t.equal(reuseHead(ignoring as never, 200, linesOf(OWN), 'etag: "x"\r\n\r\n'), false)
  t.equal(buildHead(response as never, 200, OWN, OTHERS[200]), undefined)
  t.equal(reuseHead(response as never, 200, linesOf(OWN), undefined), false)
})

import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Test } from 'tap'

/** Misbehaves instead of opening a connection; returns whether it did. */
type Misbehave = (socket: Socket) => boolean

const MISBEHAVIOURS = {
  none: () => false,
  hang: socket => !!socket.resume().once('end', () => socket.destroy()),
  end: socket => !!socket.end(),
  close: socket => !!socket.destroy(),
  reset: socket => !!socket.resetAndDestroy(),
  garbage: socket => !!socket.end('hello\r\n\r\n'),
  unauthorized: socket => !!socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'),
  forbidden: socket => !!socket.end('HTTP/1.1 403 Filtered\r\nContent-Length: 2\r\n\r\nno'),
  unavailable: socket => !!socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'),
} satisfies Record<string, Misbehave>

export type Misbehaviour = keyof typeof MISBEHAVIOURS

/**
 * A CONNECT-only proxy that requires `credentials` (`user:password`) if given. It closes when the test
 * ends.
 */
export async function startProxy(t: Pick<Test, 'teardown'>, credentials?: string) {
  const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
  /** Request targets, in order. */
  const targets: (string | undefined)[] = []
  const sockets = new Set<Socket>()
  const proxy = { url: '', targets, sockets, misbehaviour: 'none' as Misbehaviour }
  const server = createServer((_request, response) => response.writeHead(405).end())
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket))
  })
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    targets.push(request.url)
    if (expected !== undefined && request.headers['proxy-authorization'] !== expected) {
      socket.end('HTTP/1.1 407 Authenticate\r\nProxy-Authenticate: Basic\r\n\r\n')
      return
    }
    if (MISBEHAVIOURS[proxy.misbehaviour](socket)) return
    const { hostname, port } = new URL(`http://${request.url}`)
    const upstream = connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
    upstream.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.resetAndDestroy())
    socket.once('close', () => upstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const userinfo = credentials === undefined ? '' : `${credentials}@`
  proxy.url = `http://${userinfo}127.0.0.1:${port}`
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return proxy
}

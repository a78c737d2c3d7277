import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A TCP address that forwards to a local port, like a load balancer; closes with the test. */
export async function startForwarder(t: Pick<Test, 'teardown'>, firstPort: number) {
  let port = firstPort
  let accepted = 0
  const sockets = new Set<Socket>()
  const server = createServer(inbound => {
    accepted++
    const outbound = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy()).on('close', () => to.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The number of accepted connections. */
    accepted: () => accepted,
    /** Forwards new connections to another port; open connections stay. */
    moveTo: (next: number) => {
      port = next
    },
  }
}

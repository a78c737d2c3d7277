import type { Server, Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'

/** The open connections of a server, each with when it was accepted, on the monotonic clock. */
export type Connections = ReadonlyMap<Socket, number>

/** Keeps track of the connections that the server accepts from now on. */
export function trackConnections(server: Server, clock: Clock): Connections {
  const connections = new Map<Socket, number>()
  server.on('connection', (socket: Socket) => {
    connections.set(socket, clock.monotonic())
    socket.once('close', () => connections.delete(socket))
  })
  return connections
}

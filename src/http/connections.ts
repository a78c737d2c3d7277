import type { Server, Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { limitConnections } from './connection-limit.ts'
import { closeStalledConnections } from './stalled-connections.ts'

/** The open connections of a server, each with the monotonic time when the server accepted it. */
export type Connections = ReadonlyMap<Socket, number>

/** Tracks all connections that the server accepts from now on. */
export function trackConnections(server: Server, clock: Clock): Connections {
  const connections = new Map<Socket, number>()
  server.on('connection', (socket: Socket) => {
    connections.set(socket, clock.monotonic())
    socket.once('close', () => connections.delete(socket))
  })
  return connections
}

export interface ConnectionOptions {
  /** The maximum number of open connections. */
  max: number
  clock: Clock
  log: Log
  /** Called for each connection that the server drops or closes. */
  onClosed: (reason: 'limit' | 'stalled') => void
}

/** Tracks the connections of a server, limits their number, and closes stalled ones. */
export function manageConnections(server: Server, options: ConnectionOptions): Connections {
  const { max, clock, log, onClosed } = options
  const connections = trackConnections(server, clock)
  limitConnections(server, { max, clock, log, onDropped: () => onClosed('limit') })
  const onStalled = () => onClosed('stalled')
  closeStalledConnections(server, { connections, clock, log, onClosed: onStalled })
  return connections
}

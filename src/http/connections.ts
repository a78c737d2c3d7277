import type { Server, Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import { type ClosingOptions, closeStalledConnections } from './stalled-connections.ts'

/** The maximum for one process: more connections would need hundreds of megabytes of buffers. */
const MAX_CONNECTIONS = 4096
/** A generous estimate of open files that are connections neither from callers nor to Spotify. */
const RESERVED_FILES = 64
const REPORT_INTERVAL_MS = 60_000

/** The open connections of a server, each with the monotonic time when the server accepted it. */
export type Connections = ReadonlyMap<Socket, number>

export interface ConnectionOptions extends ClosingOptions {
  /** The maximum number of open connections. */
  max: number
}

/** Tracks the connections of a server, limits their number, and closes stalled ones. */
export function manageConnections(server: Server, options: ConnectionOptions): Connections {
  const connections = trackConnections(server, options.clock)
  limitConnections(server, options)
  closeStalledConnections(server, connections, options)
  return connections
}

/** Tracks all connections that the server accepts from now on. */
export function trackConnections(server: Server, clock: Clock): Connections {
  const connections = new Map<Socket, number>()
  server.on('connection', (socket: Socket) => {
    connections.set(socket, clock.monotonic())
    socket.once('close', () => connections.delete(socket))
  })
  return connections
}

/**
 * The maximum number of caller connections. It leaves descriptors for `toSpotify` connections and for other
 * files, but never more than half of `openFiles`, the number that the process may open, if known.
 */
export function maxConnections(openFiles: number | undefined, toSpotify: number): number {
  if (openFiles === undefined) return MAX_CONNECTIONS
  const reserved = Math.min(RESERVED_FILES + toSpotify, Math.floor(openFiles / 2))
  return Math.min(MAX_CONNECTIONS, openFiles - reserved)
}

/** Drops new connections beyond the limit, and logs that at most once a minute. */
function limitConnections(server: Server, { max, clock, log, onClosed }: ConnectionOptions): void {
  let dropped = 0
  let cancelReport: (() => void) | undefined

  function report(): void {
    cancelReport = undefined
    if (dropped === 0) return
    log.warn({ dropped, max_connections: max }, 'too many connections, dropping new ones')
    dropped = 0
    cancelReport = clock.schedule(REPORT_INTERVAL_MS, report)
  }

  server.maxConnections = max
  server.on('drop', () => {
    dropped++
    onClosed('limit')
    if (cancelReport === undefined) report()
  })
  server.on('close', () => cancelReport?.())
}

import type { Server, Socket } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import { type ClosingOptions, closeStalledConnections } from './stalled-connections.ts'

/** The limit for one process: more connections would need hundreds of megabytes for buffers. */
const MAX_CONNECTIONS = 4096
/** A generous estimate of open files other than connections from callers and to Spotify. */
const RESERVED_FILES = 64
const REPORT_INTERVAL_MS = 60_000

/** A server's open connections, each with the monotonic time it was accepted. */
export type Connections = ReadonlyMap<Socket, number>

export interface ConnectionOptions extends ClosingOptions {
  /** The maximum number of open connections. */
  max: number
}

/** Tracks and limits a server's connections, and closes stalled connections. */
export function manageConnections(server: Server, options: ConnectionOptions): Connections {
  const connections = trackConnections(server, options.clock)
  limitConnections(server, options)
  closeStalledConnections(server, connections, options)
  return connections
}

/** Tracks all connections accepted from now on. */
export function trackConnections(server: Server, clock: Clock): Connections {
  const connections = new Map<Socket, number>()
  server.on('connection', (socket: Socket) => {
    connections.set(socket, clock.monotonic())
    socket.once('close', () => connections.delete(socket))
  })
  return connections
}

/**
 * Returns the maximum number of caller connections. Reserves descriptors for `toSpotify` connections and other
 * files, but never more than half of `openFiles`, the number of files the process may open, if known.
 */
export function maxConnections(openFiles: number | undefined, toSpotify: number): number {
  if (openFiles === undefined) return MAX_CONNECTIONS
  const reserved = Math.min(RESERVED_FILES + toSpotify, Math.floor(openFiles / 2))
  return Math.min(MAX_CONNECTIONS, openFiles - reserved)
}

/** Drops new connections beyond the limit, and logs this at most once a minute. */
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

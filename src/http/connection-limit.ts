import type { Server } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'

/** More would take hundreds of megabytes of buffers, and one process answers far fewer callers. */
const MAX_CONNECTIONS = 4096
/** Files that the service has open beside connections of callers and to Spotify, with room to spare. */
const RESERVED_FILES = 64
const REPORT_INTERVAL_MS = 60_000

/**
 * How many connections callers may have at once, so that files are left for `toSpotify` connections
 * and for all else: half of `openFiles`, the limit of the process where it is known, when there are
 * few.
 */
export function maxConnections(openFiles: number | undefined, toSpotify: number): number {
  if (openFiles === undefined) return MAX_CONNECTIONS
  const reserved = Math.min(RESERVED_FILES + toSpotify, Math.floor(openFiles / 2))
  return Math.min(MAX_CONNECTIONS, openFiles - reserved)
}

export interface ConnectionLimitOptions {
  /** Connections at once. */
  max: number
  clock: Clock
  log: Log
  /** Called for each connection that is dropped. */
  onDropped: () => void
}

/** Drops connections beyond the limit as soon as they are accepted, and logs that once a minute. */
export function limitConnections(server: Server, options: ConnectionLimitOptions): void {
  const { max, clock, log, onDropped } = options
  let dropped = 0
  let cancelReport: (() => void) | undefined

  function report(): void {
    cancelReport = undefined
    if (dropped === 0) return
    log.warn({ dropped, max_connections: max }, 'too many connections, new ones are dropped')
    dropped = 0
    cancelReport = clock.schedule(REPORT_INTERVAL_MS, report)
  }

  server.maxConnections = max
  server.on('drop', () => {
    dropped++
    onDropped()
    if (cancelReport === undefined) report()
  })
  server.on('close', () => cancelReport?.())
}

import type { Server } from 'node:net'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'

/** More connections would need hundreds of megabytes of buffers; one process serves far fewer callers. */
const MAX_CONNECTIONS = 4096
/** A generous estimate of open files that are connections neither from callers nor to Spotify. */
const RESERVED_FILES = 64
const REPORT_INTERVAL_MS = 60_000

/**
 * The maximum number of caller connections. It leaves descriptors for `toSpotify` connections and for other
 * files, but never more than half of `openFiles`, the number that the process may open, if known.
 */
export function maxConnections(openFiles: number | undefined, toSpotify: number): number {
  if (openFiles === undefined) return MAX_CONNECTIONS
  const reserved = Math.min(RESERVED_FILES + toSpotify, Math.floor(openFiles / 2))
  return Math.min(MAX_CONNECTIONS, openFiles - reserved)
}

export interface ConnectionLimitOptions {
  /** The maximum number of open connections. */
  max: number
  clock: Clock
  log: Log
  /** Called for each dropped connection. */
  onDropped: () => void
}

/** Drops new connections beyond the limit, and logs that at most once a minute. */
export function limitConnections(server: Server, options: ConnectionLimitOptions): void {
  const { max, clock, log, onDropped } = options
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
    onDropped()
    if (cancelReport === undefined) report()
  })
  server.on('close', () => cancelReport?.())
}

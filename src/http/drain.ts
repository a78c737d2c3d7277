import type { IncomingMessage, ServerResponse } from 'node:http'
import { Server, type Socket } from 'node:net'
import { setImmediate as nextTick } from 'node:timers/promises'
import { type Clock, pause } from '../lib/clock.ts'
import type { AppInstance } from './app-instance.ts'
import type { Connections } from './connections.ts'
import type { InFlightResponses } from './in-flight-responses.ts'

const INTERVAL_MS = 100
/** The usual listen backlog, so a flood cannot delay the shutdown for long. */
const MAX_TICKS = 512
/** An idle event loop tick takes a few hundredths of a millisecond. */
const SHORT_TICK_MS = 0.05
/** A connection silent for this long has no request in transit. */
const SILENT_MS = 250
/** The share of the shutdown limit after which the service aborts lookups. */
const ABORT_SHARE = 0.75
/** The share of the limit after which the service closes all connections; later steps get the rest. */
const CUT_SHARE = 0.8

export interface DrainOptions {
  responses: InFlightResponses
  connections: Connections
  clock: Clock
  /** How long the server still accepts connections, in milliseconds: less than half the limit. */
  delayMs: number
  /** The time limit for the entire shutdown in milliseconds, including the steps after the drain. */
  limitMs: number
  /** Aborts lookups, so waiting callers get a response at once. */
  abortLookups: () => void
}

/**
 * Returns a function that drains the server without losing a request. Once called, it sends `Connection: close`
 * with the last response on each connection (RFC 9112 9.6). The server accepts connections for another
 * `delayMs`, so callers and load balancers notice, then stops listening and closes idle connections.
 *
 * No connection delays the shutdown: connections with an incomplete request are closed halfway between the end
 * of listening and the lookup abort, all others after the abort. The returned promise resolves once no
 * connection is open.
 */
export function drainConnections(app: AppInstance, options: DrainOptions): () => Promise<void> {
  const { responses, connections, clock, delayMs, limitMs, abortLookups } = options
  const { server } = app
  let accepted = 0
  server.on('connection', () => accepted++)

  /** The last response on each connection. */
  const last = new WeakMap<Socket, ServerResponse>()

  /** Node closes the connection after a response with `close`, so only the last response can have it. */
  function announceClose({ socket }: IncomingMessage, response: ServerResponse): void {
    const before = last.get(socket)
    // Fastify might have set `close` on the earlier response as well.
    if (before?.headersSent === false) before.setHeader('connection', 'keep-alive')
    response.shouldKeepAlive = false
    last.set(socket, response)
  }

  /**
   * Accepts the connections in the backlog, which the system would reset when the server stops listening. Node
   * accepts one per event loop tick, so this waits for a tick that brings no connection and is too short for
   * one to arrive.
   */
  async function acceptBacklog(): Promise<void> {
    let isEmpty = false
    for (let turn = 0; turn < MAX_TICKS && !isEmpty; turn++) {
      const before = accepted
      const startMs = clock.monotonic()
      await nextTick()
      isEmpty = accepted === before && clock.monotonic() - startMs < SHORT_TICK_MS
    }
  }

  /** Whether Node is still flushing a finished response. */
  function isFlushing(): boolean {
    for (const response of responses) if (response.writableEnded) return true
    return false
  }

  /** Whether a response to a complete request is in flight on this connection. */
  function isResponding(socket: Socket): boolean {
    if (socket.writableLength > 0) return true
    for (const { req } of responses.on(socket)) if (req.complete) return true
    return false
  }

  function closeIdle(unfinishedUntilMs: number): void {
    const nowMs = clock.monotonic()
    let isFirstRequestInTransit = false
    for (const [socket, acceptedAtMs] of connections) {
      const isNew = socket.bytesRead === 0 && acceptedAtMs > nowMs - SILENT_MS
      if (isNew) isFirstRequestInTransit = true
      // Node considers a connection busy once part of a request has arrived or, before version 26, until the
      // first byte arrives.
      const isSilent = socket.bytesRead === 0 && !isNew
      if (isSilent || (nowMs >= unfinishedUntilMs && !isResponding(socket))) socket.destroy()
    }
    // Node considers a connection idle while it flushes a response and, from version 26 on, until the first
    // byte of a request arrives.
    if (!isFlushing() && !isFirstRequestInTransit) server.closeIdleConnections()
  }

  function cut(): void {
    app.log.warn({ connections: connections.size }, 'closing all open connections')
    for (const socket of connections.keys()) socket.destroy()
  }

  return async () => {
    for (const response of responses) announceClose(response.req, response)
    // Runs before Fastify's listener, which may respond synchronously.
    server.prependListener('request', announceClose)
    if (!server.listening) return
    const abortAtMs = clock.monotonic() + ABORT_SHARE * limitMs
    const cancelAbort = clock.schedule(ABORT_SHARE * limitMs, abortLookups)
    const cancelCut = clock.schedule(CUT_SHARE * limitMs, cut)
    const closed = new AbortController()
    if (delayMs > 0) await pause(clock, delayMs, closed.signal)
    await acceptBacklog()
    // Fastify would do this later, after new connections might have arrived. The HTTP server's own `close`
    // would also close connections only Node considers idle.
    Server.prototype.close.call(server, () => closed.abort())
    const unfinishedUntilMs = (clock.monotonic() + abortAtMs) / 2
    while (!closed.signal.aborted) {
      closeIdle(unfinishedUntilMs)
      await pause(clock, INTERVAL_MS, closed.signal).catch(() => {})
    }
    cancelAbort()
    cancelCut()
  }
}

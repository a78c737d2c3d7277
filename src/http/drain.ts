import type { IncomingMessage, ServerResponse } from 'node:http'
import { Server, type Socket } from 'node:net'
import { setImmediate as nextTick } from 'node:timers/promises'
import { type Clock, pause } from '../lib/clock.ts'
import type { AppInstance } from './app-instance.ts'
import type { Connections } from './connections.ts'
import type { InFlightResponses } from './in-flight-responses.ts'

const INTERVAL_MS = 100
/** A flood must not hold the end up: as many as the queue of a listening socket usually takes. */
const MAX_TICKS = 512
/** A turn of the event loop that finds nothing to do takes a few hundredths of a millisecond. */
const SHORT_TICK_MS = 0.05
/** A connection that has said nothing for so long has no request on its way. */
const SILENT_MS = 250
/** The part of the limit for which callers may wait for what they asked for. */
const ABORT_SHARE = 0.75
/** The part of the limit after which all connections are closed; the rest is for what follows. */
const CUT_SHARE = 0.8

export interface DrainOptions {
  /** Those that are not out yet. */
  responses: InFlightResponses
  connections: Connections
  clock: Clock
  /** How long connections are still accepted, in milliseconds: less than half of the limit. */
  delayMs: number
  /** By when everything has to be over, what follows the drain included, in milliseconds. */
  limitMs: number
  /** Makes callers that still wait get an answer at once. */
  abortLookups: () => void
}

/**
 * Lets a server stop without losing a request, and as soon as its last response is out. From the
 * call of the returned function on, the last response on each connection says `Connection: close`
 * (RFC 9112 9.6). For `delayMs` more the server accepts connections, so that callers and load
 * balancers find out; then it stops listening, and connections without a request are closed.
 *
 * No connection holds up the end: one whose request does not arrive whole is closed halfway between
 * the end of listening and giving up, and all that are left are closed after giving up. The function
 * resolves when no connection is left.
 */
export function drainConnections(app: AppInstance, options: DrainOptions): () => Promise<void> {
  const { responses, connections, clock, delayMs, limitMs, abortLookups } = options
  const { server } = app
  let accepted = 0
  server.on('connection', () => accepted++)

  /** The last response on each connection. */
  const last = new WeakMap<Socket, ServerResponse>()

  /** Node closes the connection after a response that says so: only the last one may. */
  function announceClose({ socket }: IncomingMessage, response: ServerResponse): void {
    const before = last.get(socket)
    // Fastify may have said goodbye in it, too.
    if (before?.headersSent === false) before.setHeader('connection', 'keep-alive')
    response.shouldKeepAlive = false
    last.set(socket, response)
  }

  /**
   * Ceasing to listen resets connections that the system has set up and Node has not accepted yet,
   * of which it accepts one in each turn of the event loop. So this waits for a turn in which none
   * came and which was so short that hardly any can have come since.
   */
  async function acceptBacklog(): Promise<void> {
    let isMoment = false
    for (let turn = 0; turn < MAX_TICKS && !isMoment; turn++) {
      const before = accepted
      const startMs = clock.monotonic()
      await nextTick()
      isMoment = accepted === before && clock.monotonic() - startMs < SHORT_TICK_MS
    }
  }

  /** Whether the end of some response has been written and not been taken by the system yet. */
  function isFlushing(): boolean {
    for (const { raw } of responses) if (raw.writableEnded) return true
    return false
  }

  /** Whether a request has arrived whole and its response is not out yet. */
  function isResponding(socket: Socket): boolean {
    if (socket.writableLength > 0) return true
    for (const { request } of responses.on(socket)) if (request.raw.complete) return true
    return false
  }

  function closeIdle(unfinishedUntilMs: number): void {
    // Node takes a connection whose response is still leaving for an idle one.
    if (!isFlushing()) server.closeIdleConnections()
    // Node takes a connection that has sent nothing yet, or a part of a request, for a busy one.
    const nowMs = clock.monotonic()
    for (const [socket, acceptedAtMs] of connections) {
      const isSilent = socket.bytesRead === 0 && acceptedAtMs <= nowMs - SILENT_MS
      if (isSilent || (nowMs >= unfinishedUntilMs && !isResponding(socket))) socket.destroy()
    }
  }

  function cut(): void {
    app.log.warn({ connections: connections.size }, 'closing connections that are still open')
    for (const socket of connections.keys()) socket.destroy()
  }

  return async () => {
    for (const { request, raw } of responses) announceClose(request.raw, raw)
    // Ahead of Fastify, which may answer at once.
    server.prependListener('request', announceClose)
    if (!server.listening) return
    const abortAtMs = clock.monotonic() + ABORT_SHARE * limitMs
    const cancelAbort = clock.schedule(ABORT_SHARE * limitMs, abortLookups)
    const cancelCut = clock.schedule(CUT_SHARE * limitMs, cut)
    const closed = new AbortController()
    if (delayMs > 0) await pause(clock, delayMs, closed.signal)
    await acceptBacklog()
    // Not left to Fastify, which takes so long to get there that somebody may come in between, nor
    // to the HTTP server, which would close idle connections as it understands them.
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

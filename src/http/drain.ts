import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import { type Clock, pause } from '../clock.ts'
import type { AppInstance } from './app-instance.ts'

const INTERVAL_MS = 100
/** A flood must not hold the end up: as many as the queue of a listening socket usually takes. */
const MAX_TURNS = 512
/** A turn of the event loop that finds nothing to do takes a few hundredths of a millisecond. */
const SHORT_TURN_MS = 0.05
/** A connection that has said nothing for so long has no request on its way. */
const SILENT_MS = 250

export interface DrainOptions {
  /** Those that are not out yet. */
  answers: Iterable<FastifyReply>
  clock: Clock
  /** How long connections are still accepted. */
  delayMs: number
  /** Aborted when callers who do not read on are waited for no more. */
  givenUp: AbortSignal
}

/** Node writes `Connection: close` for such a response. */
function sayGoodbye(_request: unknown, response: ServerResponse): void {
  response.shouldKeepAlive = false
}

/**
 * Lets a server stop without losing a request, and as soon as its last answer is out. From the call
 * of the returned function on, every answer asks its caller to leave (`Connection: close`, RFC 9112
 * 9.6). For `delayMs` milliseconds more the server accepts connections, so that callers and load
 * balancers find out; then it stops listening, and connections without a request are closed: those
 * that were idle, those that turn idle, and those that never said anything. The function resolves
 * when no connection is left.
 */
export function drainConnections(app: AppInstance, options: DrainOptions): () => Promise<void> {
  const { answers, clock, delayMs, givenUp } = options
  /** When each was accepted, on the monotonic clock. */
  const connections = new Map<Socket, number>()
  let accepted = 0

  app.server.on('connection', (socket: Socket) => {
    accepted++
    connections.set(socket, clock.monotonic())
    socket.once('close', () => connections.delete(socket))
  })

  /**
   * Ceasing to listen resets connections that the system has set up and Node has not accepted yet,
   * of which it accepts one in each turn of the event loop. So this waits for a turn in which none
   * came and which was so short that hardly any can have come since.
   */
  async function acceptWhatWaits(): Promise<void> {
    let isMoment = false
    for (let turn = 0; turn < MAX_TURNS && !isMoment; turn++) {
      const before = accepted
      const startMs = clock.monotonic()
      await nextTurn()
      isMoment = accepted === before && clock.monotonic() - startMs < SHORT_TURN_MS
    }
  }

  /** Whether the end of some answer has been written and not been taken by the system yet. */
  function isAnswerLeaving(): boolean {
    if (givenUp.aborted) return false
    for (const { raw } of answers) if (raw.writableEnded) return true
    return false
  }

  function closeIdle(): void {
    // Node takes a connection whose answer is still leaving for an idle one.
    if (!isAnswerLeaving()) app.server.closeIdleConnections()
    // Node takes a connection that has sent nothing yet for a busy one.
    const silentSinceMs = clock.monotonic() - SILENT_MS
    for (const [socket, acceptedAtMs] of connections) {
      if (socket.bytesRead === 0 && acceptedAtMs <= silentSinceMs) socket.destroy()
    }
  }

  return async () => {
    for (const { raw } of answers) sayGoodbye(undefined, raw)
    // Ahead of Fastify, which may answer at once.
    app.server.prependListener('request', sayGoodbye)
    if (!app.server.listening) return
    const stopped = new AbortController()
    if (delayMs > 0) await pause(clock, delayMs, stopped.signal)
    await acceptWhatWaits()
    // Closing the server closes idle connections as well.
    while (isAnswerLeaving()) {
      await pause(clock, INTERVAL_MS, stopped.signal)
      await acceptWhatWaits()
    }
    // Not left to Fastify, which takes so long to get there that somebody may come in between.
    app.server.close(() => stopped.abort())
    while (!stopped.signal.aborted) {
      closeIdle()
      await pause(clock, INTERVAL_MS, stopped.signal).catch(() => {})
    }
  }
}

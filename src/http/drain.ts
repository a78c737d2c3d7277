import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, pause } from '../clock.ts'
import type { AppInstance } from './app-instance.ts'

const INTERVAL_MS = 100

export interface DrainOptions {
  clock: Clock
  /** How long the server goes on accepting connections, in milliseconds. */
  delayMs: number
  /** Aborted when the server is closed. */
  closed: AbortSignal
}

/**
 * Lets a server close without losing a request, and as soon as its last answer is out. From the call
 * of the returned function on, every answer asks its caller to leave (`Connection: close`, RFC 9112
 * 9.6). It resolves when the server may stop listening: after the delay, in which callers and load
 * balancers find out. From then on connections without a request are closed: those that were idle,
 * those that turn idle, and those that never said anything.
 */
export function drainConnections(
  app: AppInstance,
  { clock, delayMs, closed }: DrainOptions,
): () => Promise<void> {
  const connections = new Set<Socket>()
  const responses = new Set<ServerResponse>()
  let isDraining = false

  app.server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  // Ahead of Fastify, which may answer at once. Node writes `Connection: close` for such a response.
  app.server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
    if (isDraining) response.shouldKeepAlive = false
    responses.add(response)
    response.once('close', () => responses.delete(response))
  })

  async function closeIdle(): Promise<void> {
    for (;;) {
      app.server.closeIdleConnections()
      // Node takes a connection that has sent nothing yet for a busy one.
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
      await pause(clock, INTERVAL_MS, closed)
    }
  }

  return async () => {
    isDraining = true
    for (const response of responses) response.shouldKeepAlive = false
    if (app.server.listening && delayMs > 0) await pause(clock, delayMs, closed)
    // After the event loop has read what came meanwhile, which closing would reset.
    await nextTurn()
    // It ends with the pause that the closed server aborts.
    closeIdle().catch(() => {})
  }
}

import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'

/**
 * The in-flight responses, by connection. It has one close listener per connection, because one per
 * request would cost more than most of the work for a hit.
 */
export class InFlightResponses {
  readonly #byConnection = new Map<Socket, Set<FastifyReply>>()
  readonly #onDisconnect: (reply: FastifyReply) => void

  /** Calls `onDisconnect` for each response whose client closes the connection before its end. */
  constructor(onDisconnect: (reply: FastifyReply) => void) {
    this.#onDisconnect = onDisconnect
  }

  /** Call it when a request arrives. */
  begin(reply: FastifyReply): void {
    const { socket } = reply.request.raw
    const replies = this.#byConnection.get(socket) ?? this.#newConnection(socket)
    replies.add(reply)
  }

  /** Call it at the end of a response. Returns false if the client closed the connection before. */
  end(reply: FastifyReply): boolean {
    return this.#byConnection.get(reply.request.raw.socket)?.delete(reply) ?? false
  }

  /** The responses on this connection, in the order of their requests. */
  on(socket: Socket): Iterable<FastifyReply> {
    return this.#byConnection.get(socket) ?? []
  }

  /** The responses on all connections. */
  *[Symbol.iterator](): Generator<FastifyReply> {
    for (const replies of this.#byConnection.values()) yield* replies
  }

  #newConnection(socket: Socket): Set<FastifyReply> {
    const replies = new Set<FastifyReply>()
    this.#byConnection.set(socket, replies)
    socket.once('close', () => {
      this.#byConnection.delete(socket)
      for (const reply of replies) this.#onDisconnect(reply)
    })
    return replies
  }
}

import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'

/**
 * The answers that are not out yet, by connection. One listener for each connection tells who has
 * left: one for each request would cost more than most of what is done for a hit.
 */
export class InFlightResponses {
  readonly #byConnection = new Map<Socket, Set<FastifyReply>>()
  readonly #onLeft: (reply: FastifyReply) => void

  /** `onLeft` is handed each answer whose caller leaves before it is out. */
  constructor(onLeft: (reply: FastifyReply) => void) {
    this.#onLeft = onLeft
  }

  /** To be called when a request has arrived. */
  begin(reply: FastifyReply): void {
    const { socket } = reply.request.raw
    const open = this.#byConnection.get(socket) ?? this.#newConnection(socket)
    open.add(reply)
  }

  /** To be called when the answer is out; false when its caller had left before. */
  end(reply: FastifyReply): boolean {
    return this.#byConnection.get(reply.request.raw.socket)?.delete(reply) ?? false
  }

  /** Those on this connection, in the order of their requests. */
  on(socket: Socket): Iterable<FastifyReply> {
    return this.#byConnection.get(socket) ?? []
  }

  /** Of all connections. */
  *[Symbol.iterator](): Generator<FastifyReply> {
    for (const open of this.#byConnection.values()) yield* open
  }

  #newConnection(socket: Socket): Set<FastifyReply> {
    const open = new Set<FastifyReply>()
    this.#byConnection.set(socket, open)
    socket.once('close', () => {
      this.#byConnection.delete(socket)
      for (const reply of open) this.#onLeft(reply)
    })
    return open
  }
}

import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The responses in flight on a connection, each with the function to call if it closes before their end. */
type Responses = Map<ServerResponse, () => void>

/**
 * The in-flight responses, by connection. It has one close listener per connection, because one per
 * request would cost more than most of the work for a hit.
 */
export class InFlightResponses {
  readonly #byConnection = new Map<Socket, Responses>()

  /** Call it when a request arrives. `onDisconnect` is called if its client closes the connection. */
  begin(response: ServerResponse, onDisconnect: () => void): void {
    const { socket } = response.req
    const responses = this.#byConnection.get(socket) ?? this.#newConnection(socket)
    responses.set(response, onDisconnect)
  }

  /** Call it at the end of a response. Returns false if the client closed the connection before. */
  end(response: ServerResponse): boolean {
    return this.#byConnection.get(response.req.socket)?.delete(response) ?? false
  }

  /** The responses on this connection, in the order of their requests. */
  on(socket: Socket): Iterable<ServerResponse> {
    return this.#byConnection.get(socket)?.keys() ?? []
  }

  /** The responses on all connections. */
  *[Symbol.iterator](): Generator<ServerResponse> {
    for (const responses of this.#byConnection.values()) yield* responses.keys()
  }

  #newConnection(socket: Socket): Responses {
    const responses: Responses = new Map()
    this.#byConnection.set(socket, responses)
    socket.once('close', () => {
      this.#byConnection.delete(socket)
      for (const onDisconnect of responses.values()) onDisconnect()
    })
    return responses
  }
}

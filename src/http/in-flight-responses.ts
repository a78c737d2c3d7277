import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

interface InFlight {
  readonly response: ServerResponse
  readonly onDisconnect: () => void
}

/** In request order. An array, since most connections have one response at a time. */
type Responses = InFlight[]

/**
 * Tracks the in-flight responses by connection, with one close listener per connection: a listener per request
 * would take longer than most other work for a hit.
 */
export class InFlightResponses {
  readonly #byConnection = new Map<Socket, Responses>()

  /** Call this when a request arrives. `onDisconnect` runs if the connection closes before `end`. */
  begin(response: ServerResponse, onDisconnect: () => void): void {
    const { socket } = response.req
    const responses = this.#byConnection.get(socket) ?? this.#newConnection(socket)
    responses.push({ response, onDisconnect })
  }

  /** Call this when a response ends. Returns false if the connection has already closed. */
  end(response: ServerResponse): boolean {
    const responses = this.#byConnection.get(response.req.socket)
    const at = responses?.findIndex(inFlight => inFlight.response === response) ?? -1
    if (at >= 0) responses?.splice(at, 1)
    return at >= 0
  }

  /** The responses on this connection, in request order. */
  *on(socket: Socket): Generator<ServerResponse> {
    for (const { response } of this.#byConnection.get(socket) ?? []) yield response
  }

  /** The responses on all connections. */
  *[Symbol.iterator](): Generator<ServerResponse> {
    for (const socket of this.#byConnection.keys()) yield* this.on(socket)
  }

  #newConnection(socket: Socket): Responses {
    const responses: Responses = []
    this.#byConnection.set(socket, responses)
    socket.once('close', () => {
      this.#byConnection.delete(socket)
      for (const { onDisconnect } of responses) onDisconnect()
    })
    return responses
  }
}

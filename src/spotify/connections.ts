import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'

/** Bytes received so far over each open connection. */
export type Received = ReadonlyMap<Socket, number>

/**
 * Recognises requests that were lost on dead connections: a server may close an idle connection at the
 * moment when a request is sent on it, which then gets no response. undici does not say which
 * connection a request used.
 */
export class Connections {
  readonly #open = new Set<Socket>()
  readonly #endedBy = new WeakMap<object, Socket>()

  /** The same connector, whose connections are watched. */
  watch(connect: buildConnector.connector): buildConnector.connector {
    return (target, callback) =>
      connect(target, (...result) => {
        if (result[0] === null) this.#add(result[1])
        callback(...result)
      })
  }

  /** To be taken before a request is sent. */
  received(): Received {
    return new Map([...this.#open].map(socket => [socket, socket.bytesRead]))
  }

  /**
   * Whether `error` ended a connection that was open before the request was sent, and over which
   * nothing has come since.
   */
  wasDead(error: unknown, before: Received): boolean {
    const socket = this.#endedBy.get(error as object)
    return socket !== undefined && before.get(socket) === socket.bytesRead
  }

  #add(socket: Socket): void {
    this.#open.add(socket)
    // undici fails the request with this very error.
    socket.once('error', error => this.#endedBy.set(error, socket))
    socket.once('close', () => this.#open.delete(socket))
  }
}

import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'

/** Bytes received over each open connection. */
export type Received = ReadonlyMap<Socket, number>

/**
 * Recognises requests lost on dead connections. A server can close an idle connection just as a request is sent
 * on it, and undici does not reveal which connection a request used.
 */
export class Connections {
  readonly #open = new Set<Socket>()
  readonly #endedBy = new WeakMap<object, Socket>()

  /** Wraps a connector to watch the connections. */
  watch(connect: buildConnector.connector): buildConnector.connector {
    return (target, callback) =>
      connect(target, (...result) => {
        if (result[0] === null) this.#add(result[1])
        callback(...result)
      })
  }

  /** Returns the bytes received so far over each open connection. Call this before a request is sent. */
  received(): Received {
    return new Map([...this.#open].map(socket => [socket, socket.bytesRead]))
  }

  /**
   * Whether `error` closed a connection that was already open before the request and has received no bytes
   * since. `before` is the `received()` result from that time.
   */
  wasDead(error: unknown, before: Received): boolean {
    const socket = this.#endedBy.get(error as object)
    return socket !== undefined && before.get(socket) === socket.bytesRead
  }

  #add(socket: Socket): void {
    this.#open.add(socket)
    // undici rejects the request with the same error object.
    socket.once('error', error => this.#endedBy.set(error, socket))
    socket.once('close', () => this.#open.delete(socket))
  }
}

import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'

/** Bytes received over each open connection. */
export type Received = ReadonlyMap<Socket, number>

/**
 * Recognises requests that were lost on dead connections. A server may close an idle connection just
 * when a request is sent on it, and undici does not say which connection a request used.
 */
export class Connections {
  readonly #open = new Set<Socket>()
  readonly #endedBy = new WeakMap<object, Socket>()

  /** Wraps a connector to watch its connections. */
  watch(connect: buildConnector.connector): buildConnector.connector {
    return (target, callback) =>
      connect(target, (...result) => {
        if (result[0] === null) this.#add(result[1])
        callback(...result)
      })
  }

  /** Bytes received so far over each open connection. Call this before a request is sent. */
  received(): Received {
    return new Map([...this.#open].map(socket => [socket, socket.bytesRead]))
  }

  /**
   * Whether `error` closed a connection that was open before the request was sent and has received nothing
   * since. `before` is the result of `received()` at that time.
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

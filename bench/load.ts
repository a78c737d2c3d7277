import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const READ_BYTES = 256 * 1024
/** Time limit for the last responses in a burst. */
const GRACE_MS = 20_000
const HEAD_END = '\r\n\r\n'

/** The result of a request burst. */
export interface Burst {
  responses: number
  /** From the request to the last byte of each response, in milliseconds. */
  latenciesMs: number[]
}

interface Running {
  requests: readonly Buffer[]
  next: number
  status: string
  endMs: number
  responses: number
  latenciesMs: number[]
  active: number
  done: (error?: Error) => void
}

/**
 * Keeps connections to a server busy, with one request at a time on each. To save CPU time, it writes prepared
 * bytes and reads only the status and length from a response.
 */
export class Load {
  readonly #connections: Connection[] = []

  /** Opens the connections to `http://host:port`. */
  static async open(url: string, connections: number): Promise<Load> {
    const load = new Load()
    const { hostname, port } = new URL(url)
    for (let nth = 0; nth < connections; nth++) {
      const connection = new Connection(hostname, Number(port))
      load.#connections.push(connection)
      await connection.opened
    }
    return load
  }

  /**
   * Sends the requests in turn and repeatedly for `durationMs`, and waits for the last responses.
   *
   * @throws {Error} if a response has another status or no length, or a connection fails.
   */
  async run(requests: readonly Buffer[], status: number, durationMs: number): Promise<Burst> {
    const running: Running = {
      requests,
      next: 0,
      status: String(status),
      endMs: performance.now() + durationMs,
      responses: 0,
      latenciesMs: [],
      active: this.#connections.length,
      done: () => {},
    }
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new Error('the server does not respond')),
        durationMs + GRACE_MS,
      )
      running.done = error => {
        clearTimeout(limit)
        if (error === undefined) resolve()
        else reject(error)
      }
      for (const connection of this.#connections) connection.begin(running)
    })
    return running
  }

  close(): void {
    for (const connection of this.#connections) connection.close()
  }
}

class Connection {
  readonly opened: Promise<unknown>
  readonly #socket: Socket
  #running: Running | undefined
  #sentMs = 0
  /** Body bytes still missing; undefined before the head has arrived. */
  #bodyLeft: number | undefined

  constructor(host: string, port: number) {
    this.#socket = connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer: Buffer.allocUnsafe(READ_BYTES),
        callback: (bytes, buffer) => this.#read(bytes, buffer as Buffer),
      },
    })
    this.opened = once(this.#socket, 'connect')
    this.#socket.on('error', error => this.#running?.done(error))
    this.#socket.on('close', () => this.#running?.done(new Error('the server closed a connection')))
  }

  begin(running: Running): void {
    this.#running = running
    this.#send(running)
  }

  close(): void {
    this.#running = undefined
    this.#socket.destroy()
  }

  #send(running: Running): void {
    this.#sentMs = performance.now()
    this.#socket.write(running.requests[running.next] as Buffer)
    running.next = (running.next + 1) % running.requests.length
  }

  #read(bytes: number, buffer: Buffer): boolean {
    if (this.#bodyLeft === undefined) {
      this.#readHead(bytes, buffer)
    } else {
      this.#bodyLeft -= bytes
    }
    if (this.#bodyLeft === 0) this.#onResponse()
    return true
  }

  /** The server writes the small head at once, so it arrives in one piece. */
  #readHead(bytes: number, buffer: Buffer): void {
    const end = buffer.subarray(0, bytes).indexOf(HEAD_END)
    const head = buffer.toString('latin1', 0, end < 0 ? bytes : end)
    const status = head.slice(9, 12)
    const length = status === '304' ? '0' : /\ncontent-length: (\d+)/i.exec(head)?.[1]
    if (end < 0 || status !== this.#running?.status || length === undefined) {
      this.#running?.done(new Error(`unexpected response:\n${head}`))
      return
    }
    this.#bodyLeft = Number(length) - (bytes - end - HEAD_END.length)
  }

  #onResponse(): void {
    this.#bodyLeft = undefined
    const running = this.#running as Running
    const nowMs = performance.now()
    running.responses++
    running.latenciesMs.push(nowMs - this.#sentMs)
    if (nowMs < running.endMs) {
      this.#send(running)
      return
    }
    this.#running = undefined
    if (--running.active === 0) running.done()
  }
}

import type { Valkey } from 'iovalkey'
import type { SharedCacheTarget } from '../config/redis-url.ts'
import { type Clock, repeat } from '../lib/clock.ts'
import { decodeMessage, type Message, messageChannel } from './messages.ts'
import { inTime } from './open-connection.ts'
import { openPrimary } from './open-primary.ts'
import { asRedisError, type RedisObserver } from './operation.ts'

/** How often the reader checks the connection, and reopens it if lost. */
const CHECK_MS = 500
/** The time-out for opening the connection and for each command; no caller waits for either. */
const TIMEOUT_MS = 1000

export interface MessageReaderOptions {
  target: SharedCacheTarget
  clock: Clock
  observe: RedisObserver
  /** Receives each message once, in the order Redis received them. */
  onMessage: (message: Message) => void
}

/**
 * Subscribes to messages from all replicas, on a separate connection. Misses messages while that connection
 * is lost, so everything that listens also polls.
 */
export class MessageReader {
  readonly #options: MessageReaderOptions
  #client: Valkey | undefined
  #isClosed = false
  #stop = () => {}

  constructor(options: MessageReaderOptions) {
    this.#options = options
  }

  /** Subscribes, and subscribes again after each lost connection until `close`. Never rejects. */
  async start(): Promise<void> {
    await this.#check()
    if (!this.#isClosed) this.#stop = repeat(this.#options.clock, CHECK_MS, () => this.#check())
  }

  /** Closes the connection; the next check opens a new one. */
  reopen(): void {
    this.#client?.disconnect()
    this.#client = undefined
  }

  close(): void {
    this.#isClosed = true
    this.#stop()
    this.reopen()
  }

  /** Sends a PING: a silently dead connection looks open until a command gets no reply. */
  async #check(): Promise<void> {
    const { clock, observe } = this.#options
    const startedAtMs = clock.monotonic()
    try {
      if (this.#client === undefined) await this.#subscribe()
      else await inTime(this.#client.ping(), clock, TIMEOUT_MS)
    } catch (error) {
      this.reopen()
      if (this.#isClosed) return
      observe('news_read', asRedisError(error).reason, clock.monotonic() - startedAtMs)
    }
  }

  async #subscribe(): Promise<void> {
    const { target, clock, observe, onMessage } = this.#options
    const client = await openPrimary(target, clock, TIMEOUT_MS)
    if (this.#isClosed) return client.disconnect()
    this.#client = client
    client.on('message', (_channel: string, text: string) => {
      const message = decodeMessage(text)
      if (message === undefined) observe('news_read', 'rubbish', 0)
      else onMessage(message)
    })
    await inTime(client.subscribe(messageChannel(target.db)), clock, TIMEOUT_MS)
  }
}

import type { Valkey } from 'iovalkey'
import type { SharedCacheTarget } from '../config/redis-url.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { GuardedClient, type RedisState } from './guarded-client.ts'
import { MessageReader } from './message-reader.ts'
import { encodeMessage, type Message, messageChannel } from './messages.ts'
import type { Operation, RedisError, RedisObserver } from './operation.ts'

/** The long time-out in milliseconds, unless the short time-out is longer. */
const LONG_TIMEOUT_MS = 2000

export interface RedisConnectionOptions {
  target: SharedCacheTarget
  /** The short command time-out, in milliseconds. */
  timeoutMs: number
  clock: Clock
  log: Log
  observe: RedisObserver
}

/**
 * The connections to Redis: one for commands with the short time-out, one for commands with the long
 * time-out, which can wait for a slow Redis, and one for messages.
 */
export class RedisConnection {
  /** The long command time-out, in milliseconds. */
  readonly longTimeoutMs: number
  readonly #options: RedisConnectionOptions
  readonly #clients: Record<'short' | 'long', GuardedClient>
  readonly #reader: MessageReader
  readonly #messageListeners = new Set<(message: Message) => void>()
  readonly #degradedListeners: (() => void)[] = []
  #state: RedisState | undefined

  constructor(options: RedisConnectionOptions) {
    this.#options = options
    const onState = (failure?: RedisError) => this.#updateState(failure)
    this.longTimeoutMs = Math.max(LONG_TIMEOUT_MS, options.timeoutMs)
    this.#clients = {
      short: new GuardedClient({ ...options, onState, onReplaced: () => this.#reader.reopen() }),
      long: new GuardedClient({ ...options, onState, timeoutMs: this.longTimeoutMs }),
    }
    const onMessage = (message: Message) => {
      for (const listener of this.#messageListeners) listener(message)
    }
    this.#reader = new MessageReader({ ...options, onMessage })
  }

  /** Resolves after the first connection attempt, even if it failed. */
  async start(): Promise<void> {
    const { short, long } = this.#clients
    await Promise.all([short.start(), long.start(), this.#reader.start()])
  }

  /** `degraded` from the first failure until Redis works again. */
  get state(): RedisState {
    return this.#state ?? 'degraded'
  }

  /**
   * Runs one command, or several at once, within the short or the long time-out.
   *
   * @throws {RedisError} if Redis is unreachable or late, or replies with an error or a malformed value.
   * The connection has counted the failure, and logged it if it changed the state.
   */
  run<T>(
    operation: Operation,
    command: (client: Valkey) => Promise<T>,
    timeout: 'short' | 'long' = 'short',
  ): Promise<T> {
    return this.#clients[timeout].run(operation, command)
  }

  /** Counts a malformed value. */
  countMalformed(operation: Operation): void {
    this.#options.observe(operation, 'rubbish', 0)
  }

  /** Publishes a message to all replicas, including this one. The message can get lost. */
  publish(message: Message): void {
    const channel = messageChannel(this.#options.target.db)
    // The client has counted the failure, and replicas poll in case they miss the message.
    this.run('news_tell', client => client.publish(channel, encodeMessage(message))).catch(() => {})
  }

  /** Calls the listener with each message. Returns a function that removes the listener. */
  onMessage(listener: (message: Message) => void): () => void {
    this.#messageListeners.add(listener)
    return () => this.#messageListeners.delete(listener)
  }

  /** Calls the listener when the state changes to `degraded`. */
  onDegraded(listener: () => void): void {
    this.#degradedListeners.push(listener)
  }

  /** Closes all connections. */
  close(): void {
    this.#reader.close()
    for (const client of Object.values(this.#clients)) client.close()
  }

  /** Sets `degraded` when the first client fails, and `connected` when no client is degraded. */
  #updateState(failure: RedisError | undefined): void {
    const { log } = this.#options
    if (failure === undefined) {
      if (Object.values(this.#clients).some(({ state }) => state === 'degraded')) return
      this.#state = 'connected'
      log.info('connected to the shared cache')
      return
    }
    if (this.#state === 'degraded') return
    this.#state = 'degraded'
    const { reason, code } = failure
    log.warn({ reason, code }, 'the shared cache failed, continuing without it')
    for (const listener of this.#degradedListeners) listener()
  }
}

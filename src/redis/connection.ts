import type { Valkey } from 'iovalkey'
import type { SharedCacheTarget } from '../config/redis-url.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { GuardedClient } from './guarded-client.ts'
import { NewsReader } from './message-reader.ts'
import { encodeNews, type News, newsChannel } from './messages.ts'
import type { Operation, SharedObserver } from './operation.ts'
import type { Manner, SharedConnection, SharedState } from './redis.ts'
import type { SharedCacheError } from './redis-error.ts'

/** The time-out of patient commands, unless that of the others is longer. */
export const PATIENCE_MS = 2000

export interface ValkeyConnectionOptions {
  target: SharedCacheTarget
  /** For each command that is not patient, in milliseconds. */
  timeoutMs: number
  clock: Clock
  log: Log
  observe: SharedObserver
}

/** The connections to Redis: for commands with the short and with the long time-out, and for messages. */
export class ValkeyConnection implements SharedConnection {
  readonly #options: ValkeyConnectionOptions
  readonly #clients: Record<Manner, GuardedClient>
  readonly #reader: NewsReader
  readonly #listeners = new Set<(news: News) => void>()
  readonly #onDegraded: (() => void)[] = []
  #state: SharedState | undefined

  constructor(options: ValkeyConnectionOptions) {
    this.#options = options
    const onState = (failure?: SharedCacheError) => this.#learnState(failure)
    const patientMs = Math.max(PATIENCE_MS, options.timeoutMs)
    this.#clients = {
      prompt: new GuardedClient({ ...options, onState, onReplaced: () => this.#reader.reopen() }),
      patient: new GuardedClient({ ...options, onState, timeoutMs: patientMs }),
    }
    this.#reader = new NewsReader({ ...options, onNews: news => this.#spread(news) })
  }

  /** Makes the first attempt, and resolves when it is over, whether or not it succeeded. */
  async start(): Promise<void> {
    const { prompt, patient } = this.#clients
    await Promise.all([prompt.start(), patient.start(), this.#reader.start()])
  }

  get state(): SharedState {
    return this.#state ?? 'degraded'
  }

  run<T>(
    operation: Operation,
    command: (client: Valkey) => Promise<T>,
    manner: Manner = 'prompt',
  ): Promise<T> {
    return this.#clients[manner].run(operation, command)
  }

  foundRubbish(operation: Operation): void {
    this.#options.observe(operation, 'rubbish', 0)
  }

  tell(news: News): void {
    const channel = newsChannel(this.#options.target.db)
    // A failure has been counted, and who misses the message polls.
    this.run('news_tell', client => client.publish(channel, encodeNews(news))).catch(() => {})
  }

  onNews(listener: (news: News) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onDegraded(listener: () => void): void {
    this.#onDegraded.push(listener)
  }

  async close(): Promise<void> {
    this.#reader.close()
    for (const client of Object.values(this.#clients)) client.close()
  }

  /** Degraded as soon as one client is, connected once both are. */
  #learnState(failure: SharedCacheError | undefined): void {
    const { log } = this.#options
    if (failure === undefined) {
      if (Object.values(this.#clients).some(({ state }) => state === 'degraded')) return
      this.#state = 'connected'
      log.info('the shared cache works')
      return
    }
    if (this.#state === 'degraded') return
    this.#state = 'degraded'
    const { reason, code } = failure
    log.warn({ reason, code }, 'the shared cache fails, going on without')
    for (const listener of this.#onDegraded) listener()
  }

  #spread(news: News): void {
    for (const listener of this.#listeners) listener(news)
  }
}

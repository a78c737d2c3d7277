import type { Valkey } from 'iovalkey'
import type { SharedCacheTarget } from '../config/redis-url.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/logger.ts'
import { NewsReader } from './message-reader.ts'
import { encodeNews, type News, newsChannel } from './messages.ts'
import { inTime, openClient } from './open-connection.ts'
import type { Operation, SharedObserver } from './operation.ts'
import type { Manner, SharedConnection, SharedState } from './redis.ts'
import { asSharedCacheError, SharedCacheError } from './redis-error.ts'

/** Written to see whether the engine takes anything; gone after a minute. */
const PROBE_KEY = 'playlist-proxy:probe'
const PROBE_LIFETIME_MS = 60_000
/** TCP and TLS take longer than a command; nobody waits for it. */
const OPEN_TIMEOUT_MS = 1000
/** What is patient waits so long for an engine that is late, or as long as all else when that is longer. */
export const PATIENCE_MS = 1000
const FIRST_CHECK_MS = 250
const MAX_CHECK_MS = 1000

export interface ValkeyConnectionOptions {
  target: SharedCacheTarget
  /** For each command, in milliseconds. */
  timeoutMs: number
  clock: Clock
  log: Log
  observe: SharedObserver
}

/**
 * The connections to the engine. When a command is late or the connection is lost, commands fail at
 * once until a check behind them has found the engine prompt or opened a new connection, so that a
 * dead engine costs callers one time-out and not one for each request. A connection that is late is
 * kept for what is patient, until that is not answered either. An engine that refuses is still read
 * from. When a refusal is about the connection, as after a failover, each check opens another one, which
 * follows the address to the new primary.
 */
export class ValkeyConnection implements SharedConnection {
  readonly #options: ValkeyConnectionOptions
  readonly #reader: NewsReader
  readonly #listeners = new Set<(news: News) => void>()
  readonly #onDegraded: (() => void)[] = []
  /** What answers in time. */
  #client: Valkey | undefined
  /** What was late, and may still answer. */
  #late: Valkey | undefined
  /** Undefined until the first attempt is over. */
  #state: SharedState | undefined
  #isClosed = false
  #isChecking = false
  #checkDelayMs = FIRST_CHECK_MS
  #cancelCheck = () => {}
  /** Whether something was refused since the last check. */
  #wasRefused = false
  /** Whether another connection may not be refused. */
  #isMisplaced = false

  constructor(options: ValkeyConnectionOptions) {
    this.#options = options
    this.#reader = new NewsReader({ ...options, onNews: news => this.#spread(news) })
  }

  /** Makes the first attempt, and resolves when it is over, whatever it came to. */
  async start(): Promise<void> {
    this.#isChecking = true
    await Promise.all([this.#check(), this.#reader.start()])
  }

  get state(): SharedState {
    return this.#state ?? 'degraded'
  }

  async run<T>(
    operation: Operation,
    command: (client: Valkey) => Promise<T>,
    manner: Manner = 'prompt',
  ): Promise<T> {
    const client = this.#client ?? (manner === 'patient' ? this.#late : undefined)
    if (client !== undefined) return this.#send(client, operation, command, manner)
    this.#options.observe(operation, 'not-tried', 0)
    throw new SharedCacheError('not-tried')
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
    this.#isClosed = true
    this.#cancelCheck()
    this.#reader.close()
    for (const client of [this.#client, this.#late]) client?.disconnect()
    this.#client = undefined
    this.#late = undefined
  }

  async #send<T>(
    client: Valkey,
    operation: Operation,
    command: (client: Valkey) => Promise<T>,
    manner: Manner,
  ): Promise<T> {
    const { clock, timeoutMs, observe } = this.#options
    const boundMs = manner === 'patient' ? Math.max(PATIENCE_MS, timeoutMs) : timeoutMs
    const startedAtMs = clock.monotonic()
    try {
      const result = await inTime(command(client), clock, boundMs)
      observe(operation, 'ok', clock.monotonic() - startedAtMs)
      return result
    } catch (error) {
      const failure = asSharedCacheError(error)
      observe(operation, failure.reason, clock.monotonic() - startedAtMs)
      this.#onFailure(client, failure, manner)
      throw failure
    }
  }

  #onFailure(client: Valkey, failure: SharedCacheError, manner: Manner): void {
    const { reason } = failure
    // Of a connection that was given up already, or a value that says nothing about the engine.
    if ((client !== this.#client && client !== this.#late) || reason === 'rubbish') return
    if (reason === 'refused') {
      this.#wasRefused = true
      this.#isMisplaced ||= failure.isAboutConnection
    } else {
      this.#client = undefined
      this.#late = reason === 'timeout' && manner === 'prompt' ? client : undefined
      if (this.#late === undefined) this.#giveUp(client)
    }
    this.#degrade(failure)
  }

  #giveUp(client: Valkey): void {
    client.disconnect()
    // Another connection may do, and has not been tried yet.
    this.#checkDelayMs = FIRST_CHECK_MS
  }

  #degrade({ reason, code }: SharedCacheError): void {
    if (this.#isClosed) return
    const isNews = this.#state !== 'degraded'
    this.#state = 'degraded'
    this.#checkLater()
    if (!isNews) return
    this.#options.log.warn({ reason, code }, 'the shared cache fails, going on without')
    for (const listener of this.#onDegraded) listener()
  }

  #checkLater(): void {
    if (this.#isChecking) return
    this.#isChecking = true
    const delayMs = this.#checkDelayMs
    this.#checkDelayMs = Math.min(2 * delayMs, MAX_CHECK_MS)
    this.#cancelCheck = this.#options.clock.schedule(delayMs, () => this.#check())
  }

  /** Writes something, on a new connection where there is none; one check at a time. */
  async #check(): Promise<void> {
    const works = await this.#probe().catch(failure => {
      this.#degrade(failure)
      return false
    })
    const isQuiet = !this.#wasRefused
    this.#wasRefused = false
    this.#isChecking = false
    // An engine that goes on refusing something does not work because it takes the probe.
    if (this.#isClosed) return
    if (!works || !isQuiet) return this.#checkLater()
    if (this.#state !== 'connected') this.#options.log.info('the shared cache works')
    this.#state = 'connected'
    this.#checkDelayMs = FIRST_CHECK_MS
  }

  async #probe(): Promise<boolean> {
    const write = (c: Valkey) => c.set(PROBE_KEY, '1', 'PX', PROBE_LIFETIME_MS)
    const isMisplaced = this.#isMisplaced
    const client = isMisplaced
      ? await this.#replace()
      : (this.#client ?? this.#late ?? (await this.#open()))
    // Whether it is alive comes before whether it is prompt.
    if (client === this.#late) await this.#send(client, 'probe', write, 'patient')
    await this.#send(client, 'probe', write, 'prompt')
    if (client === this.#late) {
      this.#client = client
      this.#late = undefined
    }
    if (isMisplaced) this.#reader.reopen()
    // It may have been lost meanwhile, or late with something else.
    return client === this.#client
  }

  /** Opens another connection; the one that is refused is read from until then. */
  async #replace(): Promise<Valkey> {
    const { clock, timeoutMs } = this.#options
    const refused = [this.#client, this.#late]
    const client = await this.#open()
    this.#late = undefined
    this.#isMisplaced = false
    this.#wasRefused = false
    for (const before of refused) {
      const end = () => before?.disconnect()
      // What was sent on it is still answered.
      inTime(Promise.resolve(before?.quit()), clock, timeoutMs).then(end, end)
    }
    return client
  }

  async #open(): Promise<Valkey> {
    const { target, clock, observe } = this.#options
    const startedAtMs = clock.monotonic()
    const client = await openClient(target, clock, OPEN_TIMEOUT_MS).catch(failure => {
      observe('probe', failure.reason, clock.monotonic() - startedAtMs)
      throw failure
    })
    if (this.#isClosed) client.disconnect()
    else this.#client = client
    const lost = new SharedCacheError('unreachable')
    client.once('end', () => this.#onFailure(client, lost, 'prompt'))
    return client
  }

  #spread(news: News): void {
    for (const listener of this.#listeners) listener(news)
  }
}

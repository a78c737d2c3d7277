import type { Valkey } from 'iovalkey'
import type { SharedCacheTarget } from '../config/redis-url.ts'
import type { Clock } from '../lib/clock.ts'
import { inTime } from './open-connection.ts'
import { openPrimary } from './open-primary.ts'
import { asRedisError, type Operation, RedisError, type RedisObserver } from './operation.ts'

/** The check writes this key to see whether Redis accepts writes. */
const PROBE_KEY = 'probe'
const PROBE_LIFETIME_MS = 60_000
/** The time-out for opening and for checking a connection; no caller waits for either. */
const CHECK_TIMEOUT_MS = 1000
const FIRST_CHECK_MS = 250
const MAX_CHECK_MS = 1000

export type RedisState = 'connected' | 'degraded'

export interface GuardedClientOptions {
  target: SharedCacheTarget
  /** The command time-out, in milliseconds. */
  timeoutMs: number
  clock: Clock
  observe: RedisObserver
  /** Called when the state changes; `failure` is why it changed to `degraded`. */
  onState: (failure?: RedisError) => void
  /** Called after reconnecting, since another server might have taken over. */
  onReplaced?: () => void
}

/**
 * A Redis client with a circuit breaker. After a time-out or a lost connection, commands fail at once until
 * a background check succeeds, so a dead server costs callers a single time-out rather than one per
 * request. If the server refuses commands, the client still reads from it. If the refusal is about the
 * connection, as after a failover, each check opens a new connection, which follows the address to the new
 * primary.
 */
export class GuardedClient {
  readonly #options: GuardedClientOptions
  #client: Valkey | undefined
  /** Whether a command has timed out since the last successful check. */
  #isTripped = false
  /** Undefined until the first check has ended. */
  #state: RedisState | undefined
  #isClosed = false
  #isChecking = false
  #checkDelayMs = FIRST_CHECK_MS
  #cancelCheck = () => {}
  /** Whether the server has refused a command since the last check. */
  #wasRefused = false
  /** Whether a new connection might reach a server that does not refuse. */
  #needsReplacement = false

  constructor(options: GuardedClientOptions) {
    this.#options = options
  }

  /** Resolves after the first connection attempt, even if it failed. */
  async start(): Promise<void> {
    this.#isChecking = true
    await this.#check()
  }

  get state(): RedisState {
    return this.#state ?? 'degraded'
  }

  /** @throws {RedisError} if the command fails, or at once while the breaker is open. */
  async run<T>(operation: Operation, command: (client: Valkey) => Promise<T>): Promise<T> {
    if (this.#client !== undefined && !this.#isTripped) {
      return this.#send(this.#client, operation, command, this.#options.timeoutMs)
    }
    this.#options.observe(operation, 'not-tried', 0)
    throw new RedisError('not-tried')
  }

  close(): void {
    this.#isClosed = true
    this.#cancelCheck()
    this.#client?.disconnect()
    this.#client = undefined
  }

  async #send<T>(
    client: Valkey,
    operation: Operation,
    command: (client: Valkey) => Promise<T>,
    timeoutMs: number,
  ): Promise<T> {
    const { clock, observe } = this.#options
    const startedAtMs = clock.monotonic()
    try {
      const result = await inTime(command(client), clock, timeoutMs)
      observe(operation, 'ok', clock.monotonic() - startedAtMs)
      return result
    } catch (error) {
      const failure = asRedisError(error)
      observe(operation, failure.reason, clock.monotonic() - startedAtMs)
      this.#onFailure(client, operation, failure)
      throw failure
    }
  }

  #onFailure(client: Valkey, operation: Operation, failure: RedisError): void {
    const { reason } = failure
    // The connection is already replaced, or a malformed value arrived: no sign of a server failure.
    if (client !== this.#client || reason === 'rubbish') return
    if (reason === 'refused') {
      this.#wasRefused = true
      this.#needsReplacement ||= failure.isAboutConnection
    } else if (reason === 'timeout' && operation !== 'probe') {
      this.#isTripped = true
    } else {
      client.disconnect()
      this.#client = undefined
      // A new connection might work, so try it soon.
      this.#checkDelayMs = FIRST_CHECK_MS
    }
    this.#degrade(failure)
  }

  #degrade(failure: RedisError): void {
    if (this.#isClosed) return
    const isChange = this.#state !== 'degraded'
    this.#state = 'degraded'
    this.#checkLater()
    if (isChange) this.#options.onState(failure)
  }

  #checkLater(): void {
    if (this.#isChecking) return
    this.#isChecking = true
    const delayMs = this.#checkDelayMs
    this.#checkDelayMs = Math.min(2 * delayMs, MAX_CHECK_MS)
    this.#cancelCheck = this.#options.clock.schedule(delayMs, () => this.#check())
  }

  /** Connects if necessary, and writes a key. Only one check runs at a time. */
  async #check(): Promise<void> {
    const works = await this.#probe().catch(failure => {
      this.#degrade(failure)
      return false
    })
    const wasRefused = this.#wasRefused
    this.#wasRefused = false
    this.#isChecking = false
    // A server that accepts the probe but still refuses other commands does not work.
    if (this.#isClosed) return
    if (!works || wasRefused) return this.#checkLater()
    this.#checkDelayMs = FIRST_CHECK_MS
    this.#state = 'connected'
    this.#options.onState()
  }

  async #probe(): Promise<boolean> {
    const { clock, timeoutMs } = this.#options
    const needsReplacement = this.#needsReplacement
    const client = needsReplacement ? await this.#replace() : (this.#client ?? (await this.#open()))
    const startedAtMs = clock.monotonic()
    const write = (c: Valkey) => c.set(PROBE_KEY, '1', 'PX', PROBE_LIFETIME_MS)
    await this.#send(client, 'probe', write, Math.max(CHECK_TIMEOUT_MS, timeoutMs))
    // Redis is alive, so the connection stays, but Redis is too slow for callers.
    this.#isTripped = clock.monotonic() - startedAtMs > timeoutMs
    if (this.#isTripped) throw new RedisError('timeout')
    if (needsReplacement) this.#options.onReplaced?.()
    // The connection might have been lost meanwhile.
    return client === this.#client
  }

  /** Opens a new connection; until then, the client reads from the old one. */
  async #replace(): Promise<Valkey> {
    const { clock, timeoutMs } = this.#options
    const old = this.#client
    const client = await this.#open()
    this.#needsReplacement = false
    this.#wasRefused = false
    const end = () => old?.disconnect()
    // QUIT waits for the replies to earlier commands.
    inTime(Promise.resolve(old?.quit()), clock, timeoutMs).then(end, end)
    return client
  }

  async #open(): Promise<Valkey> {
    const { target, clock, observe } = this.#options
    const startedAtMs = clock.monotonic()
    const client = await openPrimary(target, clock, CHECK_TIMEOUT_MS).catch(failure => {
      observe('probe', failure.reason, clock.monotonic() - startedAtMs)
      throw failure
    })
    if (this.#isClosed) client.disconnect()
    else this.#client = client
    const lost = new RedisError('unreachable')
    client.once('end', () => this.#onFailure(client, 'probe', lost))
    return client
  }
}

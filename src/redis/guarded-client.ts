import type { Valkey } from 'iovalkey'
import type { SharedCacheTarget } from '../config/redis-url.ts'
import type { Clock } from '../lib/clock.ts'
import { inTime, openClient } from './open-connection.ts'
import type { Operation, SharedObserver } from './operation.ts'
import type { SharedState } from './redis.ts'
import { asSharedCacheError, SharedCacheError } from './redis-error.ts'

/** Written to see whether Redis takes anything; gone after a minute. */
const PROBE_KEY = 'playlist-proxy:probe'
const PROBE_LIFETIME_MS = 60_000
/** To open a connection, or to find out that one is dead; no caller waits for either. */
const CHECK_TIMEOUT_MS = 1000
const FIRST_CHECK_MS = 250
const MAX_CHECK_MS = 1000

export interface GuardedClientOptions {
  target: SharedCacheTarget
  /** For each command, in milliseconds. */
  timeoutMs: number
  clock: Clock
  observe: SharedObserver
  /** Is called when the state changes, with the failure that degraded it. */
  onState: (failure?: SharedCacheError) => void
  /** Is called when another server may have taken over and a new connection has been opened. */
  onReplaced?: () => void
}

/**
 * A client of Redis behind a circuit breaker. After a time-out or a lost connection commands fail at
 * once until a check in the background has succeeded, so that a dead server costs callers one
 * time-out and not one for each request. A server that refuses commands is still read from. When a
 * refusal is about the connection, as after a failover, each check opens another one, which follows
 * the address to the new primary.
 */
export class GuardedClient {
  readonly #options: GuardedClientOptions
  #client: Valkey | undefined
  /** Whether a command timed out since the last check that succeeded. */
  #isTripped = false
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

  constructor(options: GuardedClientOptions) {
    this.#options = options
  }

  /** Makes the first attempt, and resolves when it is over, whether or not it succeeded. */
  async start(): Promise<void> {
    this.#isChecking = true
    await this.#check()
  }

  get state(): SharedState {
    return this.#state ?? 'degraded'
  }

  /** @throws {SharedCacheError} as `SharedConnection.run` does. */
  async run<T>(operation: Operation, command: (client: Valkey) => Promise<T>): Promise<T> {
    if (this.#client !== undefined && !this.#isTripped) {
      return this.#send(this.#client, operation, command, this.#options.timeoutMs)
    }
    this.#options.observe(operation, 'not-tried', 0)
    throw new SharedCacheError('not-tried')
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
      const failure = asSharedCacheError(error)
      observe(operation, failure.reason, clock.monotonic() - startedAtMs)
      this.#onFailure(client, operation, failure)
      throw failure
    }
  }

  #onFailure(client: Valkey, operation: Operation, failure: SharedCacheError): void {
    const { reason } = failure
    // Of a connection that was dropped already, or a value that says nothing about the server.
    if (client !== this.#client || reason === 'rubbish') return
    if (reason === 'refused') {
      this.#wasRefused = true
      this.#isMisplaced ||= failure.isAboutConnection
    } else if (reason === 'timeout' && operation !== 'probe') {
      this.#isTripped = true
    } else {
      client.disconnect()
      this.#client = undefined
      // Another connection may do, and has not been tried yet.
      this.#checkDelayMs = FIRST_CHECK_MS
    }
    this.#degrade(failure)
  }

  #degrade(failure: SharedCacheError): void {
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

  /** Writes something, on a new connection where there is none; one check at a time. */
  async #check(): Promise<void> {
    const works = await this.#probe().catch(failure => {
      this.#degrade(failure)
      return false
    })
    const isQuiet = !this.#wasRefused
    this.#wasRefused = false
    this.#isChecking = false
    // A server that goes on refusing something does not work because it takes the probe.
    if (this.#isClosed) return
    if (!works || !isQuiet) return this.#checkLater()
    this.#checkDelayMs = FIRST_CHECK_MS
    this.#state = 'connected'
    this.#options.onState()
  }

  async #probe(): Promise<boolean> {
    const { clock, timeoutMs } = this.#options
    const isMisplaced = this.#isMisplaced
    const client = isMisplaced ? await this.#replace() : (this.#client ?? (await this.#open()))
    const startedAtMs = clock.monotonic()
    const write = (c: Valkey) => c.set(PROBE_KEY, '1', 'PX', PROBE_LIFETIME_MS)
    await this.#send(client, 'probe', write, Math.max(CHECK_TIMEOUT_MS, timeoutMs))
    // Redis is alive, so that the connection stays, but too slow for callers.
    this.#isTripped = clock.monotonic() - startedAtMs > timeoutMs
    if (this.#isTripped) throw new SharedCacheError('timeout')
    if (isMisplaced) this.#options.onReplaced?.()
    // It may have been lost meanwhile.
    return client === this.#client
  }

  /** Opens another connection; the one that is refused is read from until then. */
  async #replace(): Promise<Valkey> {
    const { clock, timeoutMs } = this.#options
    const refused = this.#client
    const client = await this.#open()
    this.#isMisplaced = false
    this.#wasRefused = false
    const end = () => refused?.disconnect()
    // What was sent on it is still answered.
    inTime(Promise.resolve(refused?.quit()), clock, timeoutMs).then(end, end)
    return client
  }

  async #open(): Promise<Valkey> {
    const { target, clock, observe } = this.#options
    const startedAtMs = clock.monotonic()
    const client = await openClient(target, clock, CHECK_TIMEOUT_MS).catch(failure => {
      observe('probe', failure.reason, clock.monotonic() - startedAtMs)
      throw failure
    })
    if (this.#isClosed) client.disconnect()
    else this.#client = client
    const lost = new SharedCacheError('unreachable')
    client.once('end', () => this.#onFailure(client, 'probe', lost))
    return client
  }
}

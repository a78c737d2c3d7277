import { randomUUID } from 'node:crypto'
import { MAX_AHEAD_MS } from '../cache/foreign-response.ts'
import type { StoredResponse } from '../cache/freshness.ts'
import type { LeaseEnd, LeaseResult, SharedTier } from '../cache/shared-tier.ts'
import type { Clock } from '../lib/clock.ts'
import type { RedisConnection } from './connection.ts'
import { type Lease, Leases, leaseKey, RELEASE } from './leases.ts'
import type { Message } from './messages.ts'
import { decodeProblem, encodeProblem } from './remote-problem.ts'

const RELEASED: LeaseEnd = { failure: undefined }

/** Encodes stored responses as bytes. */
export interface EntryCodec<Body> {
  encode(key: string, response: StoredResponse<Body>): Promise<Buffer>
  /**
   * Returns undefined if the response has expired or another service version wrote it.
   *
   * @throws if the bytes are malformed or belong to another key.
   */
  decode(key: string, bytes: Buffer): Promise<StoredResponse<Body> | undefined>
}

/**
 * Stores a response unless Redis has a newer one, and ends the lease. Replaces even a newer response if it
 * is in the future by both the Redis clock and this replica's clock: the writer has a wrong clock or is not
 * a replica.
 */
const STORE = `${RELEASE}
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then redis.call('DEL', KEYS[1]) end
local there = tonumber(redis.call('HGET', KEYS[1], 'generated_at') or 'none')
local new = tonumber(ARGV[1])
local now = math.max(new, redis.call('TIME')[1] * 1000)
if not (there and there > new and there <= now + ${MAX_AHEAD_MS}) then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'generated_at', ARGV[1], 'entry', ARGV[2])
  redis.call('PEXPIREAT', KEYS[1], ARGV[3])
end
release(KEYS[2], ARGV[4])
`

export interface RedisTierOptions<Body> {
  connection: RedisConnection
  codec: EntryCodec<Body>
  clock: Clock
}

/** A shared tier in Redis. */
export class RedisTier<Body> implements SharedTier<Body> {
  readonly #options: RedisTierOptions<Body>
  readonly #leases: Leases
  readonly #id = randomUUID()
  /** Notifies lookups waiting for another replica's lease, by key. */
  readonly #waiting = new Map<string, Set<(end: LeaseEnd) => void>>()

  constructor(options: RedisTierOptions<Body>) {
    this.#options = options
    const { connection, clock } = options
    this.#leases = new Leases(connection, clock)
    connection.onMessage(message => this.#receive(message))
    connection.onDegraded(() => {
      for (const waiting of this.#waiting.values()) for (const notify of waiting) notify(RELEASED)
    })
  }

  async get(key: string): Promise<StoredResponse<Body> | undefined> {
    const { connection, codec } = this.#options
    const [bytes] = await connection
      .run('entry_get', client => client.hmgetBuffer(entryKey(key), 'entry'))
      .catch((): null[] => [])
    if (bytes === undefined || bytes === null) return undefined
    return codec.decode(key, bytes).catch(() => {
      connection.countMalformed('entry_get')
      return undefined
    })
  }

  async acquireLease(key: string): Promise<LeaseResult<Body>> {
    // Wait before asking Redis, so no message is missed in between.
    const { ended, notify } = this.#wait(key)
    try {
      const acquired = await this.#leases.acquire(key)
      if (typeof acquired !== 'number') {
        notify(RELEASED)
        return this.#held(key, acquired)
      }
      const stopping = new AbortController()
      this.#leases.waitForEnd(key, acquired, stopping.signal).then(
        () => notify(RELEASED),
        () => {},
      )
      return { kind: 'taken', ended: ended.finally(() => stopping.abort()) }
    } catch {
      // The connection has counted the failure.
      notify(RELEASED)
      return { kind: 'unavailable' }
    }
  }

  onStored(listener: (key: string, generatedAt: number) => void): void {
    this.#options.connection.onMessage(message => {
      if (message.kind !== 'stored' || message.from === this.#id) return
      listener(message.key, message.generatedAt)
    })
  }

  #held(key: string, lease: Lease): LeaseResult<Body> {
    const from = this.#id
    const released = () => this.#leases.release(key, lease, { kind: 'released', from, key })
    return {
      kind: 'held',
      released,
      stored: async response => {
        // If storing fails, other replicas must not wait for the lease to expire.
        await this.#store(key, response, lease).catch(released)
        lease.end()
      },
      failed: failure => {
        const problem = encodeProblem(failure, this.#options.clock.now())
        if (problem === undefined) return released()
        return this.#leases.release(key, lease, { kind: 'failed', from, key, problem })
      },
    }
  }

  /**
   * Stores the response for as long as it can be served, ends the lease, and publishes a message.
   *
   * @throws if the encoder or Redis fails.
   */
  async #store(key: string, response: StoredResponse<Body>, { token }: Lease): Promise<void> {
    const { connection, codec } = this.#options
    const bytes = await codec.encode(key, response)
    const { generatedAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil } = response
    const expiresAt = Math.max(freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil)
    const keys = [entryKey(key), leaseKey(key)]
    const args = [generatedAt, bytes, Math.ceil(expiresAt), token]
    await connection.run('entry_store', client => client.eval(STORE, 2, ...keys, ...args))
    connection.publish({ kind: 'stored', from: this.#id, key, generatedAt })
  }

  /** Registers a lookup waiting for a lease. `notify` ends the wait; later calls do nothing. */
  #wait(key: string) {
    const waiting = this.#waiting.get(key) ?? new Set()
    this.#waiting.set(key, waiting)
    let notify!: (end: LeaseEnd) => void
    const ended = new Promise<LeaseEnd>(resolve => {
      notify = end => {
        if (waiting.delete(notify) && waiting.size === 0) this.#waiting.delete(key)
        resolve(end)
      }
    })
    waiting.add(notify)
    return { ended, notify }
  }

  #receive(message: Message): void {
    if (!('key' in message)) return
    const now = this.#options.clock.now()
    const end =
      message.kind === 'failed' ? { failure: decodeProblem(message.problem, now) } : RELEASED
    for (const notify of this.#waiting.get(message.key) ?? []) notify(end)
  }
}

function entryKey(key: string): string {
  return `entry:${key}`
}

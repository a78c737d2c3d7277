import { MAX_AHEAD_MS } from '../cache/foreign-response.ts'
import type { StoredResponse } from '../cache/freshness.ts'
import type { RedisConnection } from './connection.ts'
import { leaseKey, RELEASE } from './leases.ts'
import type { Message } from './messages.ts'

/** Encodes stored responses as bytes. */
export interface EntryCodec<Body> {
  encode(key: string, response: StoredResponse<Body>): Promise<Buffer>
  /**
   * Undefined if the response has expired or another version of the service wrote it.
   *
   * @throws if the bytes are malformed or belong to another key.
   */
  decode(key: string, bytes: Buffer): Promise<StoredResponse<Body> | undefined>
}

/**
 * Stores a response unless Redis has a newer one, and ends the lease. Replaces even a newer one if it is from
 * the future by the clocks of both Redis and this replica: its writer has a wrong clock or is no replica.
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

/** The lists that all replicas share. */
export class EntryStore<Body> {
  readonly #connection: RedisConnection
  readonly #codec: EntryCodec<Body>

  constructor(connection: RedisConnection, codec: EntryCodec<Body>) {
    this.#connection = connection
    this.#codec = codec
  }

  /** Undefined if there is no usable entry or Redis fails. */
  async get(key: string): Promise<StoredResponse<Body> | undefined> {
    const [bytes] = await this.#connection
      .run('entry_get', client => client.hmgetBuffer(entryKey(key), 'entry'))
      .catch((): null[] => [])
    if (bytes === undefined || bytes === null) return undefined
    return this.#codec.decode(key, bytes).catch(() => {
      this.#connection.countMalformed('entry_get')
      return undefined
    })
  }

  /**
   * Stores the response until it may no longer be served, unless a newer one is there. Ends the lease
   * of the token, then publishes the message.
   *
   * @throws if the encoder or Redis fails.
   */
  async store(
    key: string,
    response: StoredResponse<Body>,
    token: string,
    message: Message,
  ): Promise<void> {
    const bytes = await this.#codec.encode(key, response)
    const { generatedAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil } = response
    const expiresAt = Math.max(freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil)
    const keys = [entryKey(key), leaseKey(key)]
    const args = [generatedAt, bytes, Math.ceil(expiresAt), token]
    await this.#connection.run('entry_store', client => client.eval(STORE, 2, ...keys, ...args))
    this.#connection.publish(message)
  }
}

function entryKey(key: string): string {
  return `entry:${key}`
}

import { MAX_AHEAD_MS } from '../cache/foreign-response.ts'
import type { StoredResponse } from '../cache/freshness.ts'
import { leaseKey, RELEASE } from './leases.ts'
import type { News } from './messages.ts'
import type { SharedConnection } from './redis.ts'

/** Stored responses as bytes. */
export interface EntryCodec<Body> {
  encode(key: string, response: StoredResponse<Body>): Promise<Buffer>
  /**
   * Undefined when the response has expired or another version of this service wrote it.
   *
   * @throws when the bytes are no response for the key.
   */
  decode(key: string, bytes: Buffer): Promise<StoredResponse<Body> | undefined>
}

/**
 * Keeps a newer response, unless its time lies in the future, by the clock of Redis and by that of this
 * replica: then a wrong clock or somebody else set it. Ends the lease in any case.
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

/** What is stored for all replicas. */
export class Entries<Body> {
  readonly #connection: SharedConnection
  readonly #codec: EntryCodec<Body>

  constructor(connection: SharedConnection, codec: EntryCodec<Body>) {
    this.#connection = connection
    this.#codec = codec
  }

  /** Undefined when nothing usable is there or the engine cannot be asked. */
  async get(key: string): Promise<StoredResponse<Body> | undefined> {
    const [bytes] = await this.#connection
      .run('entry_get', client => client.hmgetBuffer(entryKey(key), 'entry'))
      .catch((): null[] => [])
    if (bytes === undefined || bytes === null) return undefined
    return this.#codec.decode(key, bytes).catch(() => {
      this.#connection.foundRubbish('entry_get')
      return undefined
    })
  }

  /**
   * Stores the response until it must not be served any more, unless a newer one is there, ends the
   * lease with the token, then publishes the message.
   *
   * @throws when it cannot be encoded, or the engine cannot be asked.
   */
  async store(
    key: string,
    response: StoredResponse<Body>,
    token: string,
    news: News,
  ): Promise<void> {
    const bytes = await this.#codec.encode(key, response)
    const { generatedAt, freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil } = response
    const goneAt = Math.max(freshUntil, staleWhileRevalidateUntil, staleIfErrorUntil)
    const keys = [entryKey(key), leaseKey(key)]
    const args = [generatedAt, bytes, Math.ceil(goneAt), token]
    await this.#connection.run('entry_store', client => client.eval(STORE, 2, ...keys, ...args))
    this.#connection.tell(news)
  }
}

function entryKey(key: string): string {
  return `playlist-proxy:entry:${key}`
}

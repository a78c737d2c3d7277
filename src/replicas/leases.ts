import { randomUUID } from 'node:crypto'
import { type Clock, pause, repeat } from '../lib/clock.ts'
import type { RedisConnection } from './connection.ts'
import type { Message } from './messages.ts'

/** How long a lease outlives a dead holder. */
export const LEASE_MS = 3000
/** How often the holder renews the lease, and waiting replicas poll it. */
const RENEW_MS = 1000

/** Shared by Lua scripts: `release(key, token)` deletes a lease unless another token holds it. */
export const RELEASE = `
local function holds(key, token)
  return redis.call('TYPE', key).ok == 'string' and redis.call('GET', key) == token
end
local function release(key, token)
  if holds(key, token) then redis.call('DEL', key) end
end
`
/**
 * Sets the lease and returns 0, or returns the milliseconds until another replica's lease expires. Replaces
 * a lease that never expires or lasts too long, since no replica sets such a lease.
 */
const ACQUIRE = `
local left = redis.call('PTTL', KEYS[1])
if left > 0 and left <= tonumber(ARGV[2]) and redis.call('TYPE', KEYS[1]).ok == 'string' then
  return left
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 0
`
const RENEW = `${RELEASE}
if not holds(KEYS[1], ARGV[1]) then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`
const RELEASE_LEASE = `${RELEASE}
release(KEYS[1], ARGV[1])
`

/** A lease held and renewed by this replica. */
export interface Lease {
  /** Identifies the holder in Redis. */
  readonly token: string
  /** Stops renewing; the lease expires unless a script releases it. */
  end(): void
}

/** Acquires and releases leases. A lease gives one replica the exclusive right to fetch a key. */
export class Leases {
  readonly #connection: RedisConnection
  readonly #clock: Clock

  constructor(connection: RedisConnection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  /** Resolves with the lease, or with the milliseconds until another replica's lease expires. */
  async acquire(key: string): Promise<Lease | number> {
    const token = randomUUID()
    const leftMs = await this.#connection.run('lease', client =>
      client.eval(ACQUIRE, 1, leaseKey(key), token, LEASE_MS),
    )
    return typeof leftMs === 'number' && leftMs > 0 ? leftMs : this.#renew(key, token)
  }

  /** Releases the lease, then publishes the message. Never rejects. */
  async release(key: string, lease: Lease, message: Message): Promise<void> {
    lease.end()
    await this.#connection
      .run('lease', client => client.eval(RELEASE_LEASE, 1, leaseKey(key), lease.token))
      .catch(() => {})
    this.#connection.publish(message)
  }

  /**
   * Polls another replica's lease, due to expire in `leftMs`. Resolves when the lease has ended or Redis
   * fails; rejects with the signal's reason if it aborts first.
   */
  async waitForEnd(key: string, leftMs: number, signal: AbortSignal): Promise<void> {
    let left = leftMs
    // No replica sets a longer lease, so `acquire` replaces it.
    while (left > 0 && left <= LEASE_MS) {
      await pause(this.#clock, Math.min(left + 1, RENEW_MS), signal)
      left = await this.#connection
        .run('lease', client => client.pttl(leaseKey(key)))
        .catch(() => 0)
    }
  }

  #renew(key: string, token: string): Lease {
    const end = repeat(this.#clock, RENEW_MS, async () => {
      const renewed = await this.#connection
        .run('lease', client => client.eval(RENEW, 1, leaseKey(key), token, LEASE_MS))
        .catch(() => 1)
      // Without the lease the fetch goes on, but there is no lease to renew.
      if (renewed !== 1) end()
    })
    return { token, end }
  }
}

/** The lease's Redis key, without the common prefix. */
export function leaseKey(key: string): string {
  return `lease:${key}`
}

import { randomUUID } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import type { News } from './messages.ts'
import type { SharedConnection } from './redis.ts'

/** After its holder has died, a lease ends so soon. */
export const LEASE_MS = 3000
/** How often its holder makes it last again, and those who wait for it look whether it lasts. */
const RENEW_MS = 1000

/** A part of Lua scripts: `release(key, token)` ends a lease that is still the token's. */
export const RELEASE = `
local function holds(key, token)
  return redis.call('TYPE', key).ok == 'string' and redis.call('GET', key) == token
end
local function release(key, token)
  if holds(key, token) then redis.call('DEL', key) end
end
`
/** What has no end, or an end too far away, was not set by a replica and gives way. */
const CLAIM = `
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
const GIVE_BACK = `${RELEASE}
release(KEYS[1], ARGV[1])
`

/** A lease that is held, and renewed until it is ended. */
export interface Lease {
  /** Proves to the engine whose it is. */
  readonly token: string
  /** Renews it no more; it stays for what is left of it, unless a script releases it. */
  end(): void
}

/** Who of all replicas may do the work for a key. */
export class Leases {
  readonly #connection: SharedConnection
  readonly #clock: Clock

  constructor(connection: SharedConnection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  /** The lease, or the milliseconds that another's lasts unless it is renewed. */
  async take(key: string): Promise<Lease | number> {
    const token = randomUUID()
    const leftMs = await this.#connection.run('lease', client =>
      client.eval(CLAIM, 1, leaseKey(key), token, LEASE_MS),
    )
    return typeof leftMs === 'number' && leftMs > 0 ? leftMs : this.#renew(key, token)
  }

  /** Releases it, then publishes why. Never rejects: a failure has been counted. */
  async giveBack(key: string, lease: Lease, news: News): Promise<void> {
    lease.end()
    await this.#connection
      .run('lease', client => client.eval(GIVE_BACK, 1, leaseKey(key), lease.token))
      .catch(() => {})
    this.#connection.tell(news)
  }

  /** Calls `onOver` once the lease of another has ended or cannot be asked for; returns what ends that. */
  watch(key: string, leftMs: number, onOver: () => void): () => void {
    let isEnded = false
    const look = (delayMs: number): (() => void) =>
      this.#clock.schedule(delayMs, async () => {
        const left = await this.#connection
          .run('lease', client => client.pttl(leaseKey(key)))
          .catch(() => 0)
        if (isEnded) return
        // What lasts longer was not set by a replica: a claim replaces it.
        if (left > 0 && left <= LEASE_MS) cancel = look(Math.min(left + 1, RENEW_MS))
        else onOver()
      })
    let cancel = look(Math.min(leftMs + 1, RENEW_MS))
    return () => {
      isEnded = true
      cancel()
    }
  }

  #renew(key: string, token: string): Lease {
    let isEnded = false
    const again = (): (() => void) =>
      this.#clock.schedule(RENEW_MS, async () => {
        const renewed = await this.#connection
          .run('lease', client => client.eval(RENEW, 1, leaseKey(key), token, LEASE_MS))
          .catch(() => 1)
        // Another has it now, but what was begun is finished all the same.
        if (!isEnded && renewed === 1) cancel = again()
      })
    let cancel = again()
    return {
      token,
      end: () => {
        isEnded = true
        cancel()
      },
    }
  }
}

/** Where the lease of a key is. */
export function leaseKey(key: string): string {
  return `playlist-proxy:lease:${key}`
}

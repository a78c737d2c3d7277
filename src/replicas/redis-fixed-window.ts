import type { Clock } from '../lib/clock.ts'
import { type FixedWindow, type FixedWindowCount, LocalFixedWindow } from '../lib/fixed-window.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { RedisConnection } from './connection.ts'

/** More than all replicas serve in a window. */
const MAX_REQUESTS = 1_000_000_000

/** Starts again at 1 if the value is not a count, and limits the key's lifetime to the window. */
const COUNT = `
local used = redis.pcall('INCR', KEYS[1])
local window = tonumber(ARGV[1])
if type(used) ~= 'number' or used < 1 or used > ${MAX_REQUESTS} then
  redis.call('SET', KEYS[1], '1')
  used = 1
end
local left = redis.call('PTTL', KEYS[1])
if left < 0 or left > window then
  redis.call('PEXPIRE', KEYS[1], window)
  left = window
end
return {used, left}
`

/**
 * Counts each caller's requests to all replicas, in a window that begins with the first request. While
 * Redis fails, each replica uses its own count. Redis keys contain the caller name: the name of an API key,
 * never the key itself, or an address prefix.
 */
export class RedisFixedWindow implements FixedWindow {
  readonly #connection: Pick<RedisConnection, 'run'>
  readonly #windowMs: number
  readonly #local: LocalFixedWindow
  readonly #signal: AbortSignal

  /** After `signal` aborts, no request waits for Redis. */
  constructor(
    connection: Pick<RedisConnection, 'run'>,
    windowMs: number,
    clock: Clock,
    signal: AbortSignal,
  ) {
    this.#connection = connection
    this.#windowMs = windowMs
    this.#local = new LocalFixedWindow(windowMs, clock)
    this.#signal = signal
  }

  /** Never rejects. */
  async count(caller: string): Promise<FixedWindowCount> {
    const local = this.#local.count(caller)
    // `address …` becomes `address:…`, which cannot be an API key name, since these contain no colon.
    const key = `caller:${caller.replace(' ', ':')}`
    try {
      const counting = this.#connection.run('caller_count', client =>
        client.eval(COUNT, 1, key, this.#windowMs),
      )
      const [used, leftMs] = (await untilAborted(counting, this.#signal)) as [number, number]
      return { used, leftMs }
    } catch {
      // The connection has counted and logged the failure.
      return local
    }
  }
}

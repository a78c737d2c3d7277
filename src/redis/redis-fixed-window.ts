import type { Clock } from '../lib/clock.ts'
import { type FixedWindow, type FixedWindowCount, LocalFixedWindow } from '../lib/fixed-window.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { SharedConnection } from './redis.ts'

/** More than any instance answers in a window. */
const MAX_REQUESTS = 1_000_000_000

/** A value that is no count gives way, and so does a window without an end or longer than ours. */
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
 * Counts the requests of each caller in all replicas together, in a window that begins with the
 * first one. This process counts its own share as well, and goes by that while the shared cache
 * fails. Keys hold the name of the caller: that of an API key, never the key, or a block of
 * addresses.
 */
export class SharedCallerCounts implements FixedWindow {
  readonly #connection: Pick<SharedConnection, 'run'>
  readonly #windowMs: number
  readonly #local: LocalFixedWindow
  readonly #signal: AbortSignal

  /** When `signal` is aborted no request waits for the shared cache any longer. */
  constructor(
    connection: Pick<SharedConnection, 'run'>,
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
    // Names of keys have no colon.
    const key = `playlist-proxy:caller:${caller.replace(' ', ':')}`
    try {
      const counting = this.#connection.run('caller_count', client =>
        client.eval(COUNT, 1, key, this.#windowMs),
      )
      const [used, leftMs] = (await untilAborted(counting, this.#signal)) as [number, number]
      return { used, leftMs }
    } catch {
      // A failure has been counted and logged; the share of this process is known in any case.
      return local
    }
  }
}

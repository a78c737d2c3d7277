import { Valkey } from 'iovalkey'
import type { SharedCacheTarget } from '../config/redis-url.ts'
import type { Clock } from '../lib/clock.ts'
import { asSharedCacheError, SharedCacheError } from './redis-error.ts'

/** How long a connection that was given up may take to close. */
const DISCONNECT_TIMEOUT_MS = 100

/**
 * Opens a connection that has been tried with one command. It neither queues nor repeats anything
 * and does not open itself again once it is lost. What fails is left closed.
 *
 * @throws {SharedCacheError} when the engine is not reached within `timeoutMs`, or refuses.
 */
export async function openClient(
  target: SharedCacheTarget,
  clock: Clock,
  timeoutMs: number,
): Promise<Valkey> {
  const { host, port, username, password, db, tls } = target
  const client = new Valkey({
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    connectionName: 'playlist-proxy',
    lazyConnect: true,
    enableOfflineQueue: false,
    // A command that says how the engine does is sent below.
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => null,
    // The time is our clock's.
    connectTimeout: 0,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
  })
  // A refused password or database is told in no other way, and the client would go on without.
  const failed = new Promise<never>((_resolve, reject) => client.on('error', reject))
  const opened = client.connect().then(() => client.ping())
  try {
    await inTime(Promise.race([failed, opened]), clock, timeoutMs)
    return client
  } catch (error) {
    client.disconnect()
    throw asSharedCacheError(error)
  }
}

/** The outcome of the work, or a `timeout` when there is none after `timeoutMs` on the clock. */
export function inTime<T>(work: Promise<T>, clock: Clock, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const endMs = clock.monotonic() + timeoutMs
    const waitFor = (delayMs: number): (() => void) =>
      clock.schedule(delayMs, () => {
        // Node counts from the beginning of the turn of the event loop in which a timer was set: in
        // a long turn that is too soon by the length of it.
        const leftMs = endMs - clock.monotonic()
        if (leftMs > 0) cancel = waitFor(leftMs)
        // A process that was busy for so long finds the timer first and then the reply that has
        // arrived meanwhile, which is not late.
        else setImmediate(() => reject(new SharedCacheError('timeout')))
      })
    let cancel = waitFor(timeoutMs)
    work.then(resolve, reject).finally(() => cancel())
  })
}

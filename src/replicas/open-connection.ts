import { Valkey } from 'iovalkey'
import type { Address, Credentials } from '../config/redis-url.ts'
import type { Clock } from '../lib/clock.ts'
import { asRedisError, RedisError } from './operation.ts'

/** How long an abandoned connection has to close. */
const DISCONNECT_TIMEOUT_MS = 100

/** A server that accepts Redis commands. */
export interface Server extends Address, Credentials {
  /** The database number. */
  readonly db: number
  readonly tls: boolean
  /** The client adds this prefix to all keys. */
  readonly keyPrefix: string
}

/**
 * Opens a connection and checks it with a PING. The client does not queue, retry or reconnect.
 *
 * @throws {RedisError} if Redis refuses or does not reply within `timeoutMs`.
 */
export async function openConnection(
  server: Server,
  clock: Clock,
  timeoutMs: number,
): Promise<Valkey> {
  const { host, port, username, password, db, tls, keyPrefix } = server
  const client = new Valkey({
    host,
    port,
    db,
    keyPrefix,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    connectionName: 'playlist-proxy',
    lazyConnect: true,
    enableOfflineQueue: false,
    // The PING below checks the connection.
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => null,
    // `inTime` limits the whole attempt, by our clock.
    connectTimeout: 0,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
  })
  // The client reports a refused password or database only as an event, and would carry on.
  const failed = new Promise<never>((_resolve, reject) => client.on('error', reject))
  const opened = client.connect().then(() => client.ping())
  try {
    await inTime(Promise.race([failed, opened]), clock, timeoutMs)
    return client
  } catch (error) {
    client.disconnect()
    throw asRedisError(error)
  }
}

/**
 * Settles like `work`.
 *
 * @throws {RedisError} `timeout` after `timeoutMs` milliseconds.
 */
export function inTime<T>(work: Promise<T>, clock: Clock, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const endMs = clock.monotonic() + timeoutMs
    const waitFor = (delayMs: number): (() => void) =>
      clock.schedule(delayMs, () => {
        // Node counts from the start of the event loop tick that set the timer, so after a long tick the
        // timer fires too early.
        const leftMs = endMs - clock.monotonic()
        if (leftMs > 0) cancel = waitFor(leftMs)
        // After a long tick, Node runs the timer before it reads a reply that arrived meanwhile.
        // `setImmediate` lets it read sockets first.
        else setImmediate(() => reject(new RedisError('timeout')))
      })
    let cancel = waitFor(timeoutMs)
    work.then(resolve, reject).finally(() => cancel())
  })
}

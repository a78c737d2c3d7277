/** The operations of the service on Redis; the values of a metric label. */
export const OPERATIONS = [
  'probe',
  'entry_get',
  'entry_store',
  'lease',
  'news_tell',
  'news_read',
  'gate',
  'budget',
  'caller_count',
] as const

export type Operation = (typeof OPERATIONS)[number]

/**
 * Why an operation failed; the values of a metric label:
 * - `timeout`: Redis did not reply in time,
 * - `unreachable`: there is no connection,
 * - `refused`: Redis replied with an error: it is read-only or full, or requires another password,
 * - `rubbish`: the value in Redis is malformed,
 * - `not-tried`: Redis failed a moment ago, so the service did not send the command.
 */
export const FAILURE_REASONS = [
  'timeout',
  'unreachable',
  'refused',
  'rubbish',
  'not-tried',
] as const

export type FailureReason = (typeof FAILURE_REASONS)[number]

/** Receives the outcome of each operation and its duration in milliseconds. */
export type RedisObserver = (
  operation: Operation,
  outcome: 'ok' | FailureReason,
  durationMs: number,
) => void

/**
 * A failed operation. It keeps only the code of the original error: errors of the client contain the
 * command, and so passwords and lists.
 */
export class RedisError extends Error {
  readonly reason: FailureReason
  /** The code of the error reply or of the network error. */
  readonly code: string | undefined

  constructor(reason: FailureReason, code?: string) {
    super(`The shared cache failed: ${reason}${code === undefined ? '' : ` (${code})`}`)
    this.name = 'RedisError'
    this.reason = reason
    this.code = code
  }

  /** Whether a new connection, which looks up the address again, may succeed. */
  get isAboutConnection(): boolean {
    return CONNECTION_REFUSALS.has(String(this.code))
  }
}

/**
 * Error replies of a server that cannot serve yet or any more: a replica or a former primary after a
 * failover, a primary without its replicas, a server that is starting, one that has forgotten the
 * password, or a node that has left its cluster or given its keys to another. Other replies (`OOM`, `NOPERM`,
 * `MISCONF`, `BUSY`) are the same on every connection.
 */
const CONNECTION_REFUSALS: ReadonlySet<string> = new Set([
  'READONLY',
  'MASTERDOWN',
  'NOREPLICAS',
  'LOADING',
  'NOAUTH',
  'MOVED',
  'CLUSTERDOWN',
])

/** Messages of the client for a lost connection. */
const NOT_CONNECTED = /^(?:Connection is closed|Stream isn't writeable|Command aborted)/
/** Error replies of Redis for a value of the wrong type, in scripts as well. */
const WRONG_VALUE = /WRONGTYPE|is not an? (?:integer|valid float)/

/** The RedisError for a rejection of the client, or for an error while reading a reply. */
export function asRedisError(error: unknown): RedisError {
  if (error instanceof RedisError) return error
  const { name, message, code } = error as NodeJS.ErrnoException
  if (name === 'ReplyError') {
    return new RedisError(WRONG_VALUE.test(message) ? 'rubbish' : 'refused', codeIn(message))
  }
  if (code !== undefined || NOT_CONNECTED.test(message)) {
    return new RedisError('unreachable', code)
  }
  return new RedisError('rubbish')
}

/** For a command in a script, Redis 6 puts its own text and a dash before the code. */
function codeIn(message: string): string | undefined {
  return /(?<=: -)[A-Z]+/.exec(message)?.[0] ?? /^[A-Z]+/.exec(message)?.[0]
}

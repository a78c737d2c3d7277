/** The operations on Redis; values for a metric label. */
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
 * Why an operation failed; values for a metric label:
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

/** Receives each operation's outcome, and the duration in milliseconds. */
export type RedisObserver = (
  operation: Operation,
  outcome: 'ok' | FailureReason,
  durationMs: number,
) => void

/**
 * A failed operation. It keeps only the code from the original error: client errors contain the command,
 * and so passwords and lists.
 */
export class RedisError extends Error {
  readonly reason: FailureReason
  /** The code from the error reply or the network error. */
  readonly code: string | undefined

  constructor(reason: FailureReason, code?: string) {
    super(`The shared cache failed: ${reason}${code === undefined ? '' : ` (${code})`}`)
    this.name = 'RedisError'
    this.reason = reason
    this.code = code
  }

  /** Whether a new connection might succeed, since connecting looks up the address again. */
  get isAboutConnection(): boolean {
    return CONNECTION_REFUSALS.has(String(this.code))
  }
}

/**
 * Error replies from a server that cannot serve yet or any more: a replica or a former primary after a
 * failover, a primary without replicas, a starting server, a server that has forgotten the password, or a
 * node that has left the cluster or given its keys to another node. Other replies (`OOM`, `NOPERM`,
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

/** Client messages for a lost connection. */
const NOT_CONNECTED = /^(?:Connection is closed|Stream isn't writeable|Command aborted)/
/** Redis error replies for a value of the wrong type, also in scripts. */
const WRONG_VALUE = /WRONGTYPE|is not an? (?:integer|valid float)/

/** Converts a client rejection, or an error while reading a reply. */
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

/**
 * Why the shared cache was of no use:
 * - `timeout`: no reply in time,
 * - `unreachable`: there is no connection,
 * - `refused`: the engine declined, such as one that is read-only, full or wants another password,
 * - `rubbish`: what is there is not what should be,
 * - `not-tried`: it failed a moment ago, so that it was not asked.
 */
export const FAILURE_REASONS = [
  'timeout',
  'unreachable',
  'refused',
  'rubbish',
  'not-tried',
] as const

export type FailureReason = (typeof FAILURE_REASONS)[number]

/**
 * A failed use of the shared cache. Of the error underneath it holds a code and nothing else, since
 * errors of the client carry the command, and so passwords and lists.
 */
export class SharedCacheError extends Error {
  readonly reason: FailureReason
  /** The name of the engine's refusal, or the code of the network's failure. */
  readonly code: string | undefined

  constructor(reason: FailureReason, code?: string) {
    super(`The shared cache failed: ${reason}${code === undefined ? '' : ` (${code})`}`)
    this.name = 'SharedCacheError'
    this.reason = reason
    this.code = code
  }

  /** Whether a new connection, for which the address is looked up again, may fare better. */
  get isAboutConnection(): boolean {
    return CONNECTION_REFUSALS.has(String(this.code))
  }
}

/**
 * Refusals of a server that is not, or not yet, the one to talk to: a replica or a former primary
 * after a failover, one that is cut off from its replicas or still starting, and one that has
 * forgotten the password. Others (`OOM`, `NOPERM`, `MISCONF`, `BUSY`) mean the same on every connection.
 */
const CONNECTION_REFUSALS: ReadonlySet<string> = new Set([
  'READONLY',
  'MASTERDOWN',
  'NOREPLICAS',
  'LOADING',
  'NOAUTH',
])

/** How the client says that there is no connection to write to or to read from. */
const NOT_CONNECTED = /^(?:Connection is closed|Stream isn't writeable|Command aborted)/
/** How the engine says that a value is not of the kind that a command is for, in scripts as well. */
const WRONG_VALUE = /WRONGTYPE|is not an? (?:integer|valid float)/

/** What the client rejected with, or what was thrown over a reply, as our own error. */
export function asSharedCacheError(error: unknown): SharedCacheError {
  if (error instanceof SharedCacheError) return error
  const { name, message, code } = error as NodeJS.ErrnoException
  if (name === 'ReplyError') {
    return new SharedCacheError(WRONG_VALUE.test(message) ? 'rubbish' : 'refused', nameIn(message))
  }
  if (code !== undefined || NOT_CONNECTED.test(message)) {
    return new SharedCacheError('unreachable', code)
  }
  return new SharedCacheError('rubbish')
}

/** Redis 6 puts the refusal of a command in a script behind words of its own, and a dash before it. */
function nameIn(message: string): string | undefined {
  return /(?<=: -)[A-Z]+/.exec(message)?.[0] ?? /^[A-Z]+/.exec(message)?.[0]
}

import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import { LogDestination, type LogDestinationOptions } from './log-destination.ts'
import { loggableUserId } from './loggable-target.ts'

/** The subset of pino for modules below http. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

/** Returns the trace ids for a log line. */
export type LogIds = NonNullable<LoggerOptions['mixin']>

/** Members the logger redacts, at the top level of a line or one level below. */
const SECRET_MEMBERS = [
  'headers',
  'authorization',
  'token',
  'access_token',
  'api_key',
  'client_secret',
  'SPOTIFY_CLIENT_SECRET',
  'API_KEYS',
  'SHARED_CACHE_URL',
  'HTTPS_PROXY',
  'HTTP_PROXY',
]
/** Credentials in header syntax, anywhere in a line. */
const CREDENTIALS = /\b(Bearer|Basic) +[\w.~+/-]{8,}=*/gi

/**
 * Creates the service's logger. It reduces errors to names, messages, codes and stacks, because HTTP client
 * errors can contain request headers with the secret. It also redacts credentials in every line.
 */
export function createLogger(level: string, destination: DestinationStream, ids?: LogIds): Logger {
  const options = {
    level,
    ...(ids === undefined ? {} : { mixin: ids }),
    formatters: { level: (name: string) => ({ level: name }) },
    serializers: { err: (error: unknown) => errorFacts(error), user_id: loggableUserId },
    redact: SECRET_MEMBERS.flatMap(name => [name, `*.${name}`]),
    hooks: { streamWrite: withoutCredentials },
  }
  return pino(options, destination)
}

/** Opens a logger with a destination that never blocks or fails. The logger reports dropped lines. */
export function openLog(
  level: string,
  options: Pick<LogDestinationOptions, 'write' | 'clock'>,
  ids?: LogIds,
): { logger: Logger; destination: LogDestination } {
  const destination = new LogDestination({
    ...options,
    onResume: lines => logger.warn({ lines }, 'dropped log lines that could not be written'),
  })
  const logger = createLogger(level, destination, ids)
  return { logger, destination }
}

function withoutCredentials(line: string): string {
  return line.replace(CREDENTIALS, '$1 [Redacted]')
}

interface ErrorFacts {
  type: string
  message: string
  code?: string
  stack?: string
  cause?: ErrorFacts
}

const MAX_CAUSES = 4

/** Returns the loggable parts of an error and its causes, at most `depth` errors in all. */
export function errorFacts(error: unknown, depth = MAX_CAUSES): ErrorFacts {
  if (!(error instanceof Error)) return { type: typeof error, message: textOf(error) }
  const facts: ErrorFacts = { type: error.name, message: error.message }
  if ('code' in error && typeof error.code === 'string') facts.code = error.code
  if (error.stack !== undefined) facts.stack = error.stack
  if (error.cause !== undefined && depth > 1) facts.cause = errorFacts(error.cause, depth - 1)
  return facts
}

/** The error code syntax in Node, OpenSSL and undici. Any other code might be text from the network. */
const CODE = /^[A-Z][A-Z\d_]{1,63}$/

/** Returns the code nearest to `error` among its causes, such as `ECONNREFUSED`. */
export function causeCode({ cause }: Error, depth = MAX_CAUSES): string | undefined {
  if (!(cause instanceof Error)) return undefined
  if ('code' in cause && typeof cause.code === 'string' && CODE.test(cause.code)) return cause.code
  return depth > 1 ? causeCode(cause, depth - 1) : undefined
}

/** Returns a thrown value as text; for an object, which might contain secrets, only the type. */
function textOf(thrown: unknown): string {
  const isObject = typeof thrown === 'object' && thrown !== null
  return isObject ? Object.prototype.toString.call(thrown) : String(thrown)
}

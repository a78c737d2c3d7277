import { PROBLEMS_ROOT, type ProblemType, problems } from './catalog.ts'

export { type ProblemType, problems } from './catalog.ts'

export interface ProblemOptions {
  /** The underlying error. The log shows it; the caller never sees it. */
  cause?: unknown
  /** Epoch milliseconds: when a retry might succeed. */
  retryAt?: number | undefined
  /** Whether an immediate retry might succeed. */
  transient?: boolean
  /** The origin's status, if a response arrived. */
  originStatus?: number | undefined
  /** Stable name for the cause, if the type has several. */
  causeName?: string | undefined
  /** Paths the caller probably meant, with the base path. */
  meantPaths?: readonly string[]
}

/**
 * The only kind of error callers see. `message` becomes the member `detail`, so it must be a text for the
 * caller, without secrets and without anything sent by Spotify.
 */
export class Problem extends Error {
  readonly type: ProblemType
  readonly status: number
  readonly retryAt: number | undefined
  readonly transient: boolean
  readonly originStatus: number | undefined
  readonly causeName: string | undefined
  readonly meantPaths: readonly string[]

  constructor(type: ProblemType, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Problem'
    this.type = type
    this.status = problems[type].status
    this.retryAt = options.retryAt
    this.transient = options.transient ?? false
    this.originStatus = options.originStatus
    this.causeName = options.causeName
    this.meantPaths = options.meantPaths ?? []
  }
}

/**
 * Returns a problem unchanged; wraps any other error as an internal error, so that only the log shows the
 * cause.
 */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('internal-error', 'The service has a bug.', { cause: error })
}

/**
 * Copies a problem with another `retryAt` (epoch ms). The copy keeps the origin's status only if
 * `fromOrigin` is true.
 */
export function withRetryAt(problem: Problem, retryAt: number, fromOrigin: boolean): Problem {
  const { type, message, cause, transient, causeName } = problem
  const originStatus = fromOrigin ? problem.originStatus : undefined
  return new Problem(type, message, { cause, retryAt, transient, causeName, originStatus })
}

/** The RFC 9457 media type. */
export const PROBLEM_TYPE = 'application/problem+json'

/**
 * Builds the body with the RFC 9457 members, our own, and the `error` object that Spotify clients read.
 * `instance` is the request path, `requestId` is also in the log, and `type` begins with `basePath`, the
 * path added by a proxy.
 */
export function problemBody(problem: Problem, instance: string, requestId: string, basePath = '') {
  return {
    type: `${basePath}${PROBLEMS_ROOT}/${problem.type}`,
    title: problems[problem.type].title,
    status: problem.status,
    detail: problem.message,
    instance,
    request_id: requestId,
    error: { status: problem.status, message: problem.message },
  }
}

export type ProblemBody = ReturnType<typeof problemBody>

/** Returns the whole seconds until `retryAt` (epoch ms), at least 1, for `Retry-After` (RFC 9110 10.2.3). */
export function retryAfterSeconds(retryAt: number, now: number): number {
  return Math.max(1, Math.ceil((retryAt - now) / 1000))
}

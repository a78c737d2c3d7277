import { PROBLEMS_ROOT, type ProblemType, problems } from './catalog.ts'

export { type ProblemType, problems } from './catalog.ts'

export interface ProblemFacts {
  /** What was thrown underneath; for the log, never for the caller. */
  cause?: unknown
  /** Epoch milliseconds from which on asking again may help. */
  retryAt?: number | undefined
  /** Whether the same request may succeed when it is simply sent once more. */
  transient?: boolean
  /** The status that the origin answered with, where this stands for an answer of it. */
  originStatus?: number
  /** The stable name of what causes it, where its type has several causes. */
  causeName?: string | undefined
}

/**
 * The one error class that callers see. `message` becomes the `detail` member, so it is written
 * for the caller and never holds a secret or anything that Spotify sent.
 */
export class Problem extends Error {
  readonly type: ProblemType
  readonly status: number
  readonly retryAt: number | undefined
  readonly transient: boolean
  readonly originStatus: number | undefined
  readonly causeName: string | undefined

  constructor(type: ProblemType, detail: string, facts: ProblemFacts = {}) {
    super(detail, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = 'Problem'
    this.type = type
    this.status = problems[type].status
    this.retryAt = facts.retryAt
    this.transient = facts.transient ?? false
    this.originStatus = facts.originStatus
    this.causeName = facts.causeName
  }
}

/** What was thrown as a problem: anything unforeseen is a bug, of which callers learn no more. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('internal-error', 'Something went wrong in this service.', { cause: error })
}

/**
 * The same problem with the instant (epoch ms) from which on asking again may help. It stands for
 * an answer of the origin only when `isAnswer`; else it is told from memory.
 */
export function askAgainAt(problem: Problem, retryAt: number, isAnswer: boolean): Problem {
  const { type, message, cause, transient, causeName, originStatus } = problem
  const status = isAnswer && originStatus !== undefined ? { originStatus } : {}
  return new Problem(type, message, { cause, retryAt, transient, causeName, ...status })
}

/** The body of a problem: RFC 9457 members, ours, and the object that Spotify clients read. */
export interface ProblemBody {
  type: string
  title: string
  status: number
  detail: string
  instance: string
  request_id: string
  error: { status: number; message: string }
}

/**
 * `instance` is the path that was asked for, `requestId` finds the case in the log. `type` begins
 * with `basePath`, the path that a proxy adds.
 */
export function problemBody(
  problem: Problem,
  instance: string,
  requestId: string,
  basePath = '',
): ProblemBody {
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

/** Whole seconds until `retryAt` (epoch ms), at least 1; the value of `Retry-After` (RFC 9110 10.2.3). */
export function retryAfterSeconds(retryAt: number, now: number): number {
  return Math.max(1, Math.ceil((retryAt - now) / 1000))
}

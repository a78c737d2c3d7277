/** What a caller needs to know about one kind of problem before the single case is looked at. */
interface ProblemKind {
  readonly status: number
  readonly title: string
}

/**
 * Every problem this service answers with (RFC 9457). The key is the stable last segment of the
 * `type` URI.
 */
export const problems = {
  'invalid-user-id': { status: 400, title: 'Not a Spotify user id' },
  'invalid-query': { status: 400, title: 'Invalid query parameter' },
  'bad-request': { status: 400, title: 'Malformed request' },
  'request-timeout': { status: 408, title: 'The request took too long to arrive' },
  'headers-too-large': { status: 431, title: 'Request line and headers too large' },
  'user-not-found': { status: 404, title: 'Spotify knows no such user' },
  'not-found': { status: 404, title: 'No such resource' },
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
  'not-acceptable': { status: 406, title: 'No acceptable representation' },
  'internal-error': { status: 500, title: 'Internal error' },
  'spotify-bad-response': { status: 502, title: 'Spotify sent an unusable answer' },
  'spotify-access-denied': { status: 502, title: 'Spotify denied this app access' },
  'spotify-credentials-rejected': { status: 503, title: 'Spotify rejected the app credentials' },
  'spotify-unavailable': { status: 503, title: 'Spotify is unavailable' },
  'spotify-rate-limited': { status: 503, title: 'Spotify limits the rate of this app' },
  'spotify-quota-exceeded': { status: 503, title: 'The Spotify quota of this app is used up' },
  'shutting-down': { status: 503, title: 'This instance is shutting down' },
  'deadline-exceeded': { status: 504, title: 'The lookup took too long' },
  'not-stored': { status: 504, title: 'Nothing usable is stored' },
} as const satisfies Record<string, ProblemKind>

export type ProblemType = keyof typeof problems

export interface ProblemFacts {
  /** What was thrown underneath; for the log, never for the caller. */
  cause?: unknown
  /** Epoch milliseconds from which on asking again may help. */
  retryAt?: number
  /** Whether the same request may succeed when it is simply sent once more. */
  transient?: boolean
  /** The status that the origin answered with, where this stands for an answer of it. */
  originStatus?: number
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

  constructor(type: ProblemType, detail: string, facts: ProblemFacts = {}) {
    super(detail, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.name = 'Problem'
    this.type = type
    this.status = problems[type].status
    this.retryAt = facts.retryAt
    this.transient = facts.transient ?? false
    this.originStatus = facts.originStatus
  }
}

/** What was thrown as a problem: anything unforeseen is a bug, of which callers learn no more. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('internal-error', 'Something went wrong in this service.', { cause: error })
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

/** `instance` is the path that was asked for, `requestId` finds the case in the log. */
export function problemBody(problem: Problem, instance: string, requestId: string): ProblemBody {
  return {
    type: `/problems/${problem.type}`,
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

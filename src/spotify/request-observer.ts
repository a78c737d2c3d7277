import type { Clock } from '../lib/clock.ts'
import { Problem, type ProblemType } from '../problems/problem.ts'

/** A page of the Web API, or a new app token. */
export const REQUEST_KINDS = ['page', 'token'] as const

export type RequestKind = (typeof REQUEST_KINDS)[number]

/** The outcomes of a request to Spotify. A `cancelled` one was aborted before its response arrived. */
export const REQUEST_OUTCOMES = [
  'ok',
  'unauthorized',
  'denied',
  'not-found',
  'rate-limited',
  'unavailable',
  'bad-response',
  'cancelled',
] as const

export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number]

/** Told of every request once it has ended, retries included. */
export type RequestObserver = (
  kind: RequestKind,
  outcome: RequestOutcome,
  durationMs: number,
) => void

/** Failures that carry what Spotify answered with. */
interface Answered {
  readonly originStatus?: number | undefined
}

const OUTCOMES: Partial<Record<ProblemType, RequestOutcome>> = {
  'user-not-found': 'not-found',
  'spotify-access-denied': 'denied',
  'spotify-credentials-rejected': 'unauthorized',
  'spotify-unavailable': 'unavailable',
  'spotify-bad-response': 'bad-response',
}

/**
 * Tells the observer what `request`, sent and read to its end, came to; changes nothing of that.
 * `signal` is what the request is given up by.
 */
export async function observed<T>(
  { observe, clock }: { observe: RequestObserver; clock: Clock },
  kind: RequestKind,
  signal: AbortSignal,
  request: () => Promise<T>,
): Promise<T> {
  const sentAtMs = clock.monotonic()
  const tell = (outcome: RequestOutcome) => observe(kind, outcome, clock.monotonic() - sentAtMs)
  const answer = await request().catch((error: unknown) => {
    // Pages are given up with the failure of another one.
    tell(signal.aborted && error === signal.reason ? 'cancelled' : outcomeOf(error))
    throw error
  })
  tell('ok')
  return answer
}

function outcomeOf(error: unknown): RequestOutcome {
  const { originStatus } = error as Answered
  if (originStatus === 401) return 'unauthorized'
  if (originStatus === 429) return 'rate-limited'
  return (error instanceof Problem && OUTCOMES[error.type]) || 'cancelled'
}

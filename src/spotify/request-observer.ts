import type { Clock } from '../lib/clock.ts'
import { Problem, type ProblemType } from '../problems/problem.ts'

/**
 * The grants in token requests (RFC 6749 sections 4.4, 4.1.3 and 6): for the app token, after an account
 * owner's consent, and to renew a linked account's token.
 */
export const TOKEN_GRANTS = ['client_credentials', 'authorization_code', 'refresh_token'] as const

export type TokenGrant = (typeof TOKEN_GRANTS)[number]

/** A Web API page, or a token request with this grant. */
export type RequestKind = 'page' | TokenGrant

/** The outcomes for a request to Spotify; `cancelled` is an abort, or another failure not caused by Spotify. */
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

/** Called at the end of every request, including retries. */
export type RequestObserver = (
  kind: RequestKind,
  outcome: RequestOutcome,
  durationMs: number,
) => void

const OUTCOMES: Partial<Record<ProblemType, RequestOutcome>> = {
  'user-not-found': 'not-found',
  'spotify-access-denied': 'denied',
  'spotify-credentials-rejected': 'unauthorized',
  'spotify-unavailable': 'unavailable',
  'spotify-bad-response': 'bad-response',
}

/**
 * Runs `request`, abortable by `signal`, and reports the outcome to the observer. Settles as the request does.
 */
export async function observed<T>(
  { observe, clock }: { observe: RequestObserver; clock: Clock },
  kind: RequestKind,
  signal: AbortSignal,
  request: () => Promise<T>,
): Promise<T> {
  const sentAtMs = clock.monotonic()
  const report = (outcome: RequestOutcome) => observe(kind, outcome, clock.monotonic() - sentAtMs)
  const response = await request().catch((error: unknown) => {
    // When one page fails, requests for other pages abort with that failure as the reason.
    report(signal.aborted && error === signal.reason ? 'cancelled' : outcomeOf(error))
    throw error
  })
  report('ok')
  return response
}

function outcomeOf(error: unknown): RequestOutcome {
  const { originStatus } = error as { originStatus?: number }
  if (originStatus === 401) return 'unauthorized'
  if (originStatus === 429) return 'rate-limited'
  return (error instanceof Problem && OUTCOMES[error.type]) || 'cancelled'
}

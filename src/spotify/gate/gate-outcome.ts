import type { Problem } from '../../problems/problem.ts'
import { AppTokenDenial, LinkDenial } from './linked-denials.ts'

/** How long a denial pauses the gate. Only a person can end the denial, so the gate need not probe sooner. */
export const DENIED_PAUSE_MS = 5 * 60_000

/** What a request's outcome says about Spotify. */
export type Outcome =
  /** Spotify works for this subject, even if Spotify does not know the user. */
  | { readonly kind: 'succeeded' }
  /** Spotify declines this request; other subjects might still work. */
  | { readonly kind: 'declined' }
  /** Spotify accepts no requests from the app for `forMs`, whatever the subject. */
  | { readonly kind: 'refused'; readonly cause: Problem; readonly forMs: number }
  /** Spotify denies the app access to this subject, and perhaps to all others. */
  | { readonly kind: 'denied'; readonly cause: Problem }
  /** The request failed, perhaps for this subject only. Spotify wants no retry for `forMs` (0 if unknown). */
  | { readonly kind: 'failed'; readonly cause: Problem; readonly forMs: number }
  /** The request was cancelled, or failed for a reason unrelated to Spotify. */
  | { readonly kind: 'unknown' }

/** What a failure at `now` (epoch ms) says about Spotify. */
export function outcomeOf(problem: Problem, now: number): Outcome {
  switch (problem.type) {
    case 'spotify-rate-limited':
    case 'spotify-quota-exceeded':
      return { kind: 'refused', cause: problem, forMs: Number(problem.retryAt) - now }
    case 'spotify-access-denied':
      if (problem instanceof LinkDenial || problem instanceof AppTokenDenial)
        return { kind: 'declined' }
      return { kind: 'denied', cause: problem }
    case 'spotify-bad-response':
    case 'spotify-unavailable':
      if (isDeclined(problem)) return { kind: 'declined' }
      return { kind: 'failed', cause: problem, forMs: Math.max(0, (problem.retryAt ?? now) - now) }
    case 'user-not-found':
      return { kind: 'succeeded' }
    default:
      return { kind: 'unknown' }
  }
}

/** A 4xx is about this request only, unless a retry might succeed (408). */
function isDeclined({ type, originStatus = 0, transient }: Problem): boolean {
  return type === 'spotify-bad-response' && Math.floor(originStatus / 100) === 4 && !transient
}

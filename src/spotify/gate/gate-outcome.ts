import type { Problem } from '../../problems/problem.ts'

/** Only a person can end a denial, so Spotify is asked about it no more often than this. */
export const DENIED_PAUSE_MS = 5 * 60_000

/** What the response to one request tells about Spotify. */
export type Outcome =
  /** Spotify works for this subject, which it may not know. */
  | { readonly kind: 'answered' }
  /** Spotify answers, but not about this subject; nothing about the others follows from that. */
  | { readonly kind: 'declined' }
  /** The app may send nothing for so long, whatever the subject. */
  | { readonly kind: 'refused'; readonly cause: Problem; readonly forMs: number }
  /** Spotify denies the app this subject, and perhaps all others. */
  | { readonly kind: 'denied'; readonly cause: Problem }
  /** It failed, for this subject or for all; Spotify wants no retry for `forMs`, 0 if it named none. */
  | { readonly kind: 'failed'; readonly cause: Problem; readonly forMs: number }
  /** It was cancelled, or met something that says nothing about Spotify. */
  | { readonly kind: 'unknown' }

/** What a failure tells about Spotify; `now` (epoch ms) is when it was met. */
export function outcomeOf(problem: Problem, now: number): Outcome {
  switch (problem.type) {
    case 'spotify-rate-limited':
    case 'spotify-quota-exceeded':
      return { kind: 'refused', cause: problem, forMs: Number(problem.retryAt) - now }
    case 'spotify-access-denied':
      return { kind: 'denied', cause: problem }
    case 'spotify-bad-response':
    case 'spotify-unavailable':
      if (isDeclined(problem)) return { kind: 'declined' }
      return { kind: 'failed', cause: problem, forMs: Math.max(0, (problem.retryAt ?? now) - now) }
    case 'user-not-found':
      return { kind: 'answered' }
    default:
      return { kind: 'unknown' }
  }
}

/** A 4xx is about this one request, unless it may pass when sent again (408). */
function isDeclined({ type, originStatus = 0, transient }: Problem): boolean {
  return type === 'spotify-bad-response' && Math.floor(originStatus / 100) === 4 && !transient
}

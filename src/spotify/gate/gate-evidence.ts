import type { Outcome } from './gate-outcome.ts'

/** Maximum number of working subjects in the evidence, and of failing subjects. */
const REMEMBERED = 8
/** For this long after a response, a few failures raise no doubt about Spotify. */
const CERTAIN_MS = 1000
/** Consecutive failures, for more than one subject, that might be an outage. */
const OUTAGE_FAILURES = 3
/** The same limit shortly after a response. It bounds the requests sent during a real outage. */
const SUDDEN_OUTAGE_FAILURES = 8

/**
 * Spotify's own account, which exists as long as Spotify does. The gate probes for it when no working subject
 * is known, for example after startup.
 */
export const FALLBACK_SUBJECT = '/users/spotify/playlists'

const LINK = 'link '

/** The subject for requests with a linked user's token. Only requests for that link probe for it. */
export function linkSubject(linkId: string): string {
  return LINK + linkId
}

/** Other requests cannot probe for a link, since they lack the token. */
function isLink(subject: string): boolean {
  return subject.startsWith(LINK)
}

/**
 * What the gate remembers about requests, to tell failures for single subjects from an outage. A subject is the
 * path to a user's list, or a link name. Instants are milliseconds on the monotonic clock.
 */
export interface Evidence {
  /** Subjects with a successful last request, latest first. */
  readonly working: readonly string[]
  /** When Spotify last responded without failure. */
  readonly lastSuccessMs: number
  /** Requests that have failed since `lastSuccessMs`, including denials. */
  readonly failures: number
  /** The distinct subjects in these failures, latest first. */
  readonly failing: readonly string[]
  /** The failing subjects denied by Spotify, latest first. */
  readonly denied: readonly string[]
  /** Whether one of the denied subjects, other than the first, worked previously. */
  readonly isDenialSure: boolean
}

const NO_FAILURES = { failures: 0, failing: [], denied: [], isDenialSure: false } as const

export const NO_EVIDENCE: Evidence = {
  working: [],
  lastSuccessMs: Number.NEGATIVE_INFINITY,
  ...NO_FAILURES,
}

/** How a request ended. */
export interface Report {
  readonly outcome: Outcome
  readonly subject: string
  /** Whether the request is the probe. */
  readonly isProbe: boolean
  /** When the request ended. */
  readonly nowMs: number
  /** From 0 (included) to 1 (excluded); spreads probes across replicas. */
  readonly jitter: number
}

/** The evidence after a request has ended. */
export function withReport(evidence: Evidence, report: Report): Evidence {
  const { outcome, subject, isProbe, nowMs } = report
  const working = evidence.working.filter(other => other !== subject)
  switch (outcome.kind) {
    case 'succeeded':
      return {
        ...NO_FAILURES,
        working: isLink(subject) ? working : latest(subject, working),
        lastSuccessMs: nowMs,
      }
    case 'declined':
      // Only a declined probe counts; otherwise anybody could keep the gate open during an outage.
      return isProbe ? { ...NO_FAILURES, working, lastSuccessMs: nowMs } : evidence
    case 'failed':
      return withFailure(evidence, working, subject)
    case 'denied':
      return {
        ...withFailure(evidence, working, subject),
        denied: latest(subject, evidence.denied),
        isDenialSure:
          evidence.isDenialSure || (evidence.denied.length > 0 && isKnownToWork(evidence, subject)),
      }
    default:
      return evidence
  }
}

/** Whether the failures might be an outage or an app denial, to be verified by a probe. */
export function needsProbe(evidence: Evidence, nowMs: number): boolean {
  const { lastSuccessMs, failures, failing, denied } = evidence
  const isCertain = lastSuccessMs + CERTAIN_MS > nowMs
  if (denied.length > (isCertain ? 1 : 0)) return true
  return failing.length > 1 && failures >= (isCertain ? SUDDEN_OUTAGE_FAILURES : OUTAGE_FAILURES)
}

/**
 * Whether Spotify denies the app everything: it has denied two subjects since the last success. The second or a
 * later subject must have worked previously, unless the last denied request was the probe.
 */
export function isAppDenied({ denied, isDenialSure }: Evidence, isProbe: boolean): boolean {
  return denied.length > 1 && (isDenialSure || isProbe)
}

/**
 * The probe subject when a request for `subject` needs a probe: the subject that worked last. While no subject
 * works, the fallback and `subject` itself alternate, in case something else makes the fallback fail.
 */
export function probeSubject({ working, failing, failures }: Evidence, subject: string): string {
  const [best] = working
  if (best !== undefined) return best
  const isFallbackDue = !failing.includes(FALLBACK_SUBJECT) || failures % 2 === 1
  return isFallbackDue ? FALLBACK_SUBJECT : subject
}

function isKnownToWork({ working, failing }: Evidence, subject: string): boolean {
  const isFallback = subject === FALLBACK_SUBJECT && !failing.includes(subject)
  return isFallback || working.includes(subject)
}

function withFailure(evidence: Evidence, working: readonly string[], subject: string): Evidence {
  const { failures, failing } = evidence
  return { ...evidence, working, failures: failures + 1, failing: latest(subject, failing) }
}

/** Puts `subject` in front and keeps the list within bounds. */
function latest(subject: string, subjects: readonly string[]): readonly string[] {
  return [subject, ...subjects.filter(other => other !== subject)].slice(0, REMEMBERED)
}

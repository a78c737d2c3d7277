import type { Outcome } from './gate-outcome.ts'

/** Maximum number of working subjects in the evidence, and of failing ones. */
const REMEMBERED = 8
/** For this long after a response, a few failures raise no doubt about Spotify. */
const CERTAIN_MS = 1000
/** Consecutive failures, of more than one subject, that may be an outage. */
const OUTAGE_FAILURES = 3
/** The same limit shortly after a response. It bounds the requests that leave during a real outage. */
const SUDDEN_OUTAGE_FAILURES = 8

/**
 * Spotify's own account, which exists as long as Spotify does. The gate probes for it while it knows no
 * subject that works, for example after a start.
 */
export const FALLBACK_SUBJECT = '/users/spotify/playlists'

const LINK = 'link '

/** The subject of requests with the token of a linked user. Only requests for that link probe for it. */
export function linkSubject(linkId: string): string {
  return LINK + linkId
}

/** Other requests cannot probe for a link, since they lack its token. */
function isLink(subject: string): boolean {
  return subject.startsWith(LINK)
}

/**
 * What the gate remembers of requests to tell failures of single subjects from an outage. A subject is
 * the path of a user's list, or the name of a link. Instants are milliseconds on the monotonic clock.
 */
export interface Evidence {
  /** Subjects whose last request succeeded, the latest first. */
  readonly working: readonly string[]
  /** When Spotify last responded without failure. */
  readonly lastSuccessMs: number
  /** Requests that have failed since `lastSuccessMs`, including denials. */
  readonly failures: number
  /** The distinct subjects of these failures, the latest first. */
  readonly failing: readonly string[]
  /** The failing subjects that Spotify denied, the latest first. */
  readonly denied: readonly string[]
  /** Whether one of the denied subjects, other than the first, worked before. */
  readonly isDenialSure: boolean
}

const NO_FAILURES = { failures: 0, failing: [], denied: [], isDenialSure: false } as const

export const NO_EVIDENCE: Evidence = {
  working: [],
  lastSuccessMs: Number.NEGATIVE_INFINITY,
  ...NO_FAILURES,
}

/** The end of one request. */
export interface Report {
  readonly outcome: Outcome
  readonly subject: string
  /** Whether the request is the probe. */
  readonly isProbe: boolean
  /** When the request ended. */
  readonly nowMs: number
  /** From 0 (included) to 1 (excluded); spreads the probes of several replicas. */
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

/** Whether the failures may be an outage or a denial of the app, which a probe has to verify. */
export function needsProbe(evidence: Evidence, nowMs: number): boolean {
  const { lastSuccessMs, failures, failing, denied } = evidence
  const isCertain = lastSuccessMs + CERTAIN_MS > nowMs
  if (denied.length > (isCertain ? 1 : 0)) return true
  return failing.length > 1 && failures >= (isCertain ? SUDDEN_OUTAGE_FAILURES : OUTAGE_FAILURES)
}

/**
 * Whether Spotify denies the app everything: it has denied two subjects since the last success. The second or
 * a later subject must have worked before, unless the last denied request was the probe.
 */
export function isAppDenied({ denied, isDenialSure }: Evidence, isProbe: boolean): boolean {
  return denied.length > 1 && (isDenialSure || isProbe)
}

/**
 * The subject of the probe that a request for `subject` needs: the subject that worked last. While no subject
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

/** Puts `subject` in front and keeps the list within its bound. */
function latest(subject: string, subjects: readonly string[]): readonly string[] {
  return [subject, ...subjects.filter(other => other !== subject)].slice(0, REMEMBERED)
}

import type { Outcome } from './gate-outcome.ts'

/** Subjects that are remembered as working, and as failing. */
const REMEMBERED = 8
/** So long after a response of Spotify, failures of single subjects need no explanation. */
const CERTAIN_MS = 1000
/** So many failures in a row, of more than one subject, may be an outage. */
const OUTAGE_FAILURES = 3
/** So many may be one even shortly after a response: a real outage is not asked more often. */
const SUDDEN_OUTAGE_FAILURES = 8

/**
 * Spotify's own account, which exists as long as Spotify does: asked about while no other subject is
 * known to work, such as after a start.
 */
export const FALLBACK_SUBJECT = '/users/spotify/playlists'

/**
 * What the gate remembers of requests to tell failures of single subjects from those of Spotify as a
 * whole. A subject is the path of a list. Instants are milliseconds on the monotonic clock.
 */
export interface Evidence {
  /** Subjects that Spotify answered for and that have not failed since, the latest first. */
  readonly working: readonly string[]
  /** When Spotify last answered. */
  readonly answeredMs: number
  /** Requests that have failed or been denied since. */
  readonly failures: number
  /** The different subjects among them, the latest first. */
  readonly failing: readonly string[]
  /** Those of them that were denied. */
  readonly denied: readonly string[]
  /** Whether one of those, other than the first, had worked before. */
  readonly isDenialSure: boolean
}

const NO_FAILURES = { failures: 0, failing: [], denied: [], isDenialSure: false } as const

export const NO_EVIDENCE: Evidence = {
  working: [],
  answeredMs: Number.NEGATIVE_INFINITY,
  ...NO_FAILURES,
}

/** What came of one request. */
export interface Report {
  readonly outcome: Outcome
  readonly subject: string
  /** Whether the state of the gate depends on it. */
  readonly isProbe: boolean
  /** When it ended. */
  readonly nowMs: number
  /** From 0 (included) to 1 (excluded); keeps the probes of several replicas out of step. */
  readonly jitter: number
}

/** The evidence after a request has ended. */
export function withReport(evidence: Evidence, report: Report): Evidence {
  const { outcome, subject, isProbe, nowMs } = report
  const working = evidence.working.filter(other => other !== subject)
  switch (outcome.kind) {
    case 'answered':
      return { ...NO_FAILURES, working: latest(subject, working), answeredMs: nowMs }
    case 'declined':
      // Good enough for a probe. Otherwise anybody could keep the gate open during an outage.
      return isProbe ? { ...NO_FAILURES, working, answeredMs: nowMs } : evidence
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

/** Whether failures may be those of Spotify as a whole, which a probe has to find out. */
export function isDoubtful(evidence: Evidence, nowMs: number): boolean {
  const { answeredMs, failures, failing, denied } = evidence
  const isCertain = answeredMs + CERTAIN_MS > nowMs
  if (denied.length > (isCertain ? 1 : 0)) return true
  return failing.length > 1 && failures >= (isCertain ? SUDDEN_OUTAGE_FAILURES : OUTAGE_FAILURES)
}

/**
 * Whether all are denied: at least two subjects were and none was answered for since. The second one
 * or a later one must have worked before, unless the last one was the probe.
 */
export function isAppDenied({ denied, isDenialSure }: Evidence, isProbe: boolean): boolean {
  return denied.length > 1 && (isDenialSure || isProbe)
}

/**
 * The subject of a probe that a request of `subject` asks for: one that works, best the one that
 * was answered last. While none does, the fallback and `subject` itself take turns, in case the
 * fallback fails for a reason of its own.
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

/** The subjects with this one in front, as many as are remembered. */
function latest(subject: string, subjects: readonly string[]): readonly string[] {
  return [subject, ...subjects.filter(other => other !== subject)].slice(0, REMEMBERED)
}

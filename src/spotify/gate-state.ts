import type { Problem } from '../problems.ts'

/** Denials need a person; whether one has come is looked at no more often than this. */
const DENIED_PAUSE_MS = 5 * 60_000
/** So many failures in a row, of more than one user, are an outage of Spotify. */
const OUTAGE_RUN = 3
const FIRST_OUTAGE_PAUSE_MS = 1000
const MAX_OUTAGE_PAUSE_MS = 60_000

/** Failures in a row since the last answer. */
interface Run {
  readonly failures: number
  /** Whose request failed first. */
  readonly subject: string
  readonly severalSubjects: boolean
}

/**
 * What the gate knows, as plain data; instants are milliseconds on the monotonic clock.
 * - `open`: requests leave,
 * - `paused`: none leaves before `untilMs`, and then one alone, the probe,
 * - `probing`: the probe, a request of `subject`, is under way, and all depends on it,
 * - `elsewhere`: the probe of another gate of the same app is, which is not asked about again before
 *   `untilMs`.
 *
 * `pauses` counts the pauses of an outage in a row; 0 when the reason is another.
 */
export type GateState =
  | { readonly name: 'open'; readonly run: Run | undefined }
  | {
      readonly name: 'paused'
      readonly cause: Problem
      readonly untilMs: number
      readonly pauses: number
    }
  | {
      readonly name: 'probing'
      readonly cause: Problem
      readonly subject: string
      readonly pauses: number
    }
  | {
      readonly name: 'elsewhere'
      readonly cause: Problem
      readonly untilMs: number
      readonly pauses: number
    }

export const OPEN: GateState = { name: 'open', run: undefined }

/**
 * What a request of `subject` has to do at `nowMs`: leave, leave as the probe, wait for the probe,
 * or not leave at all. The pages of a list that were asked for beside its probe wait for it, since
 * their lookup would fail without them.
 */
export type Admission = 'leave' | 'probe' | 'wait' | 'refused'

export function admission(state: GateState, subject: string, nowMs: number): Admission {
  if (state.name === 'open') return 'leave'
  if (state.name === 'probing') return state.subject === subject ? 'wait' : 'refused'
  return nowMs < state.untilMs ? 'refused' : 'probe'
}

/** The state while the probe that a gate admitted which is not open is under way. */
export function probing(state: GateState, subject: string): GateState {
  if (state.name === 'open') return state
  return { name: 'probing', cause: state.cause, subject, pauses: state.pauses }
}

/** The state after a gate that was about to probe has found that another gate does. */
export function probedElsewhere(state: GateState, untilMs: number): GateState {
  if (state.name !== 'probing') return state
  return { name: 'elsewhere', cause: state.cause, untilMs, pauses: state.pauses }
}

/** The state after another gate has told of its pause, which never shortens one that stands here. */
export function afterPauseElsewhere(state: GateState, pause: Omit<Paused, 'name'>): GateState {
  return longer(state, { name: 'paused', ...pause })
}

/**
 * The state after a probe of another gate, sent at `sentMs`, was answered: open, unless requests are
 * refused here for longer than that gate knew.
 */
export function afterAnswerElsewhere(state: GateState, sentMs: number): GateState {
  return state.name === 'open' || (state.name === 'paused' && state.untilMs > sentMs) ? state : OPEN
}

/** What one request came to, as far as it tells anything about Spotify. */
export type Outcome =
  /** Spotify answered as it should, be it that it knows no such user. */
  | { readonly kind: 'answered' }
  /** It will not answer for so long, whoever asks. */
  | { readonly kind: 'refused'; readonly cause: Problem; readonly forMs: number }
  /** It failed, which may be about one user or about all. */
  | { readonly kind: 'failed'; readonly cause: Problem }
  /** It was given up, or met something that says nothing about Spotify. */
  | { readonly kind: 'unknown' }

/** `now` (epoch ms) is when `error` came; undefined: none came. */
export function outcomeOf(problem: Problem, now: number): Outcome {
  switch (problem.type) {
    case 'spotify-rate-limited':
    case 'spotify-quota-exceeded':
      return { kind: 'refused', cause: problem, forMs: Number(problem.retryAt) - now }
    case 'spotify-access-denied':
      return { kind: 'refused', cause: problem, forMs: DENIED_PAUSE_MS }
    case 'spotify-unavailable':
    case 'spotify-bad-response':
      return { kind: 'failed', cause: problem }
    case 'user-not-found':
      return { kind: 'answered' }
    default:
      return { kind: 'unknown' }
  }
}

/** What came of which request. */
export interface Report {
  readonly outcome: Outcome
  readonly subject: string
  /** Whether the request was the probe. */
  readonly isProbe: boolean
  /** When it ended. */
  readonly nowMs: number
  /** From 0 (included) to 1 (excluded); keeps the probes of several replicas out of step. */
  readonly jitter: number
}

/** The state after a request has ended. */
export function after(state: GateState, report: Report): GateState {
  const { outcome, nowMs } = report
  // Only the probe decides, while requests that left before the pause still come in; and it does no
  // more once one of those was refused.
  const isProbe = report.isProbe && state.name === 'probing'
  const decides = isProbe || state.name === 'open'
  switch (outcome.kind) {
    case 'refused':
      return longer(state, {
        name: 'paused',
        cause: outcome.cause,
        untilMs: nowMs + outcome.forMs,
        pauses: 0,
      })
    case 'failed':
      return decides ? afterFailure(state, outcome.cause, report) : state
    case 'answered':
      return decides ? OPEN : state
    case 'unknown':
      if (!isProbe) return state
      return { name: 'paused', cause: state.cause, untilMs: nowMs, pauses: state.pauses }
  }
}

type Paused = Extract<GateState, { name: 'paused' }>

/** Requests that were under way together may be refused for different times. */
function longer(state: GateState, pause: Paused): GateState {
  const stands = state.name === 'paused' && state.untilMs >= pause.untilMs
  return stands ? state : pause
}

function afterFailure(state: GateState, cause: Problem, report: Report): GateState {
  if (state.name !== 'open') return outage(cause, state.pauses + 1, report)
  const { failures, subject, severalSubjects } = state.run ?? {
    failures: 0,
    subject: report.subject,
    severalSubjects: false,
  }
  const run = {
    failures: failures + 1,
    subject,
    severalSubjects: severalSubjects || subject !== report.subject,
  }
  const isOutage = run.failures >= OUTAGE_RUN && run.severalSubjects
  return isOutage ? outage(cause, 1, report) : { name: 'open', run }
}

/** Doubles with each pause in a row, with up to a tenth more. */
function outage(cause: Problem, pauses: number, { nowMs, jitter }: Report): Paused {
  const pauseMs = Math.min(FIRST_OUTAGE_PAUSE_MS * 2 ** (pauses - 1), MAX_OUTAGE_PAUSE_MS)
  return { name: 'paused', cause, untilMs: nowMs + pauseMs * (1 + 0.1 * jitter), pauses }
}

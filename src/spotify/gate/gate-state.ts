import { backOffMs } from '../../lib/clock.ts'
import type { Problem } from '../../problems/problem.ts'
import {
  type Evidence,
  isAppDenied,
  isDoubtful,
  probeSubject,
  type Report,
} from './gate-evidence.ts'
import { DENIED_PAUSE_MS, outcomeOf } from './gate-outcome.ts'

/** A state in which requests are refused, and why. */
interface Shut {
  readonly cause: Problem
  /** Pauses of an outage in a row; 0 when the reason is another. */
  readonly pauses: number
}

/**
 * What the gate does, as plain data; instants are milliseconds on the monotonic clock.
 * - `open`: requests leave,
 * - `verifying`: a probe finds out whether failures are those of Spotify; the others wait for it,
 * - `paused`: none leaves before `untilMs`, and then one alone, the probe,
 * - `probing`: the probe, which a request of `subject` asked for, is under way, and all depends on it,
 * - `elsewhere`: the probe of another gate of the same app is, which is not asked about again before
 *   `untilMs`.
 */
export type GateState =
  | { readonly name: 'open' }
  | { readonly name: 'verifying' }
  | ({ readonly name: 'paused'; readonly untilMs: number } & Shut)
  | ({ readonly name: 'probing'; readonly subject: string } & Shut)
  | ({ readonly name: 'elsewhere'; readonly untilMs: number } & Shut)

export type ShutState = Extract<GateState, Shut>
type Paused = Extract<GateState, { name: 'paused' }>

export const OPEN: GateState = { name: 'open' }

/** Whether requests are refused rather than sent, be it after a probe. */
export function isShut(state: GateState): state is ShutState {
  return 'cause' in state
}

/**
 * What a request of `subject` has to do at `nowMs`: leave, have the probe sent, wait for the probe,
 * or not leave at all. The pages of a list that were asked for beside its probe wait for it, since
 * their lookup would fail without them.
 */
export type Admission = 'leave' | 'probe' | 'wait' | 'refused'

export function admission(
  state: GateState,
  evidence: Evidence,
  subject: string,
  nowMs: number,
): Admission {
  switch (state.name) {
    case 'open':
      return isDoubtful(evidence, nowMs) ? 'probe' : 'leave'
    case 'verifying':
      return 'wait'
    case 'probing':
      return state.subject === subject ? 'wait' : 'refused'
    default:
      return nowMs < state.untilMs ? 'refused' : 'probe'
  }
}

/**
 * The subject of the probe that a request of `subject` asks for. A rate limit says nothing about
 * subjects, so the request itself is the probe of its end.
 */
export function subjectOfProbe(state: GateState, evidence: Evidence, subject: string): string {
  return isShut(state) && isRefusal(state) ? subject : probeSubject(evidence, subject)
}

/** The state while the probe that a request of `subject` asked for is under way. */
export function probing(state: GateState, subject: string): GateState {
  if (!isShut(state)) return { name: 'verifying' }
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
  return !isShut(state) || (state.name === 'paused' && state.untilMs > sentMs) ? state : OPEN
}

/** The state after a request has ended, which `evidence` knows of already. */
export function after(state: GateState, evidence: Evidence, report: Report): GateState {
  const { outcome, nowMs, isProbe } = report
  // The probe of a rate limit is about any subject, whose failure is another matter.
  const endsLimit = isProbe && isShut(state) && isRefusal(state)
  const decides = isProbe && !endsLimit
  switch (outcome.kind) {
    case 'refused':
      return longer(state, pauseFor(outcome.forMs, outcome.cause, nowMs))
    case 'denied':
      if (isAppDenied(evidence, decides) || (decides && isDenial(state))) {
        return longer(state, pauseFor(DENIED_PAUSE_MS, outcome.cause, nowMs))
      }
      return endsLimit ? OPEN : undecided(state, report)
    case 'failed':
      // Requests that left before the pause still come in.
      if (!isProbe) return state
      return endsLimit ? OPEN : outage(state, outcome, report)
    case 'answered':
    case 'declined':
      return isProbe ? OPEN : state
    case 'unknown':
      return undecided(state, report)
  }
}

/** The next request has the probe sent once more. */
function undecided(state: GateState, { isProbe, nowMs }: Report): GateState {
  if (!isProbe) return state
  if (!isShut(state)) return OPEN
  return { name: 'paused', cause: state.cause, untilMs: nowMs, pauses: state.pauses }
}

/** Requests that were under way together may be refused for different times. */
function longer(state: GateState, pause: Paused): GateState {
  const stands = state.name === 'paused' && state.untilMs >= pause.untilMs
  return stands ? state : pause
}

function pauseFor(durationMs: number, cause: Problem, nowMs: number): Paused {
  return { name: 'paused', cause, untilMs: nowMs + durationMs, pauses: 0 }
}

/**
 * Doubles with each pause in a row, with up to a tenth more. Lasts at least as long as Spotify wants
 * no retry.
 */
function outage(
  state: GateState,
  { cause, forMs }: { cause: Problem; forMs: number },
  { nowMs, jitter }: Report,
): Paused {
  const pauses = isShut(state) ? state.pauses + 1 : 1
  const pauseMs = Math.max(backOffMs(pauses) * (1 + 0.1 * jitter), forMs)
  return { name: 'paused', cause, untilMs: nowMs + pauseMs, pauses }
}

function isRefusal({ cause }: ShutState): boolean {
  return outcomeOf(cause, 0).kind === 'refused'
}

function isDenial(state: GateState): boolean {
  return isShut(state) && outcomeOf(state.cause, 0).kind === 'denied'
}

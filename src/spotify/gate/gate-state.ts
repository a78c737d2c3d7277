import { backOffMs } from '../../lib/clock.ts'
import type { Problem } from '../../problems/problem.ts'
import {
  type Evidence,
  isAppDenied,
  needsProbe,
  probeSubject,
  type Report,
} from './gate-evidence.ts'
import { DENIED_PAUSE_MS, outcomeOf } from './gate-outcome.ts'

/** A state in which the gate refuses requests, and why. */
interface Closed {
  readonly cause: Problem
  /** Consecutive pauses in an outage; 0 for any other cause. */
  readonly pauses: number
}

/**
 * The gate state, as plain data. Instants are milliseconds on the monotonic clock.
 * - `open`: it sends requests.
 * - `verifying`: a probe checks whether failures are an outage; all other requests wait for the probe.
 * - `paused`: it sends no requests before `untilMs`, and then only the probe.
 * - `probing`: a closed gate's probe, for a request for `subject`, is in flight.
 * - `remote-probe`: a peer has the right to probe. This gate tries to acquire the right again at `untilMs`.
 */
export type GateState =
  | { readonly name: 'open' }
  | { readonly name: 'verifying' }
  | ({ readonly name: 'paused'; readonly untilMs: number } & Closed)
  | ({ readonly name: 'probing'; readonly subject: string } & Closed)
  | ({ readonly name: 'remote-probe'; readonly untilMs: number } & Closed)

export type ClosedState = Extract<GateState, Closed>
type Paused = Extract<GateState, { name: 'paused' }>

export const OPEN: GateState = { name: 'open' }

/** Whether the gate refuses requests until a probe succeeds. */
export function isClosed(state: GateState): state is ClosedState {
  return 'cause' in state
}

/**
 * What a request has to do: leave now, have the probe sent, wait for the probe in flight, or fail.
 */
export type Admission = 'send' | 'probe' | 'wait' | 'refused'

/**
 * How a request for `subject` is admitted at `nowMs`. While the gate is closed, only the other pages of the
 * list whose request led to the probe wait for the probe, because their lookup fails without them.
 */
export function admission(
  state: GateState,
  evidence: Evidence,
  subject: string,
  nowMs: number,
): Admission {
  switch (state.name) {
    case 'open':
      return needsProbe(evidence, nowMs) ? 'probe' : 'send'
    case 'verifying':
      return 'wait'
    case 'probing':
      return state.subject === subject ? 'wait' : 'refused'
    default:
      return nowMs < state.untilMs ? 'refused' : 'probe'
  }
}

/**
 * The probe subject when a request for `subject` needs a probe. Rate limits do not depend on the subject, so
 * after a rate limit the request itself is the probe.
 */
export function subjectOfProbe(state: GateState, evidence: Evidence, subject: string): string {
  return isClosed(state) && isRefusal(state) ? subject : probeSubject(evidence, subject)
}

/** The state while the probe for a request for `subject` is in flight. */
export function probing(state: GateState, subject: string): GateState {
  if (!isClosed(state)) return { name: 'verifying' }
  return { name: 'probing', cause: state.cause, subject, pauses: state.pauses }
}

/** The state when a gate about to probe finds a peer with the right to probe. */
export function withRemoteProbe(state: GateState, untilMs: number): GateState {
  if (state.name !== 'probing') return state
  return { name: 'remote-probe', cause: state.cause, untilMs, pauses: state.pauses }
}

/** The state after a peer's pause, which never shortens this gate's pause. */
export function afterRemotePause(state: GateState, pause: Omit<Paused, 'name'>): GateState {
  return longer(state, { name: 'paused', ...pause })
}

/** The state after a successful peer probe sent at `sentMs`: open, unless this gate's pause ends after that. */
export function afterRemoteProbe(state: GateState, sentMs: number): GateState {
  return !isClosed(state) || (state.name === 'paused' && state.untilMs > sentMs) ? state : OPEN
}

/** The state after a request; `evidence` includes it. */
export function after(state: GateState, evidence: Evidence, report: Report): GateState {
  const { outcome, nowMs, isProbe } = report
  // After a rate limit the probe can be for any subject, and that subject's own failure does not keep the gate
  // closed.
  const endsLimit = isProbe && isClosed(state) && isRefusal(state)
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
      // A request sent before the pause can fail during the pause.
      if (!isProbe) return state
      return endsLimit ? OPEN : outage(state, outcome, report)
    case 'succeeded':
    case 'declined':
      return isProbe ? OPEN : state
    case 'unknown':
      return undecided(state, report)
  }
}

/** The state after an inconclusive request. If it was the probe, the next request needs another probe. */
function undecided(state: GateState, { isProbe, nowMs }: Report): GateState {
  if (!isProbe) return state
  if (!isClosed(state)) return OPEN
  return { name: 'paused', cause: state.cause, untilMs: nowMs, pauses: state.pauses }
}

/** Spotify can refuse concurrent requests for different times: the longest pause counts. */
function longer(state: GateState, pause: Paused): GateState {
  const isLonger = state.name === 'paused' && state.untilMs >= pause.untilMs
  return isLonger ? state : pause
}

function pauseFor(durationMs: number, cause: Problem, nowMs: number): Paused {
  return { name: 'paused', cause, untilMs: nowMs + durationMs, pauses: 0 }
}

/**
 * The pause after a failed probe. It doubles with each consecutive failure, plus up to a tenth as jitter, and
 * lasts at least as long as Spotify asked for.
 */
function outage(
  state: GateState,
  { cause, forMs }: { cause: Problem; forMs: number },
  { nowMs, jitter }: Report,
): Paused {
  const pauses = isClosed(state) ? state.pauses + 1 : 1
  const pauseMs = Math.max(backOffMs(pauses) * (1 + 0.1 * jitter), forMs)
  return { name: 'paused', cause, untilMs: nowMs + pauseMs, pauses }
}

function isRefusal({ cause }: ClosedState): boolean {
  return outcomeOf(cause, 0).kind === 'refused'
}

function isDenial(state: GateState): boolean {
  return isClosed(state) && outcomeOf(state.cause, 0).kind === 'denied'
}

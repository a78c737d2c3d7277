import type { Log } from '../../lib/logger.ts'
import type { ProblemType } from '../../problems/problem.ts'
import { type Diagnosis, diagnosisOf } from './diagnosis.ts'
import { type GateState, isClosed } from './gate-state.ts'

export interface GateStatus {
  readonly state: 'open' | 'paused' | 'probing'
  /** Why the gate is not open. */
  readonly diagnosis: Diagnosis | undefined
  /** End of the pause in epoch milliseconds. */
  readonly pausedUntil: number | undefined
  /** The problem type that closed the gate. */
  readonly reason: ProblemType | undefined
  /** Retries since startup. */
  readonly retries: number
  readonly inFlight: number
  readonly queued: number
}

/** Describes the state at `nowMs`. `wall` turns an instant into epoch milliseconds. */
export function stateStatus(
  state: GateState,
  nowMs: number,
  wall: (monotonicMs: number) => number,
): Pick<GateStatus, 'state' | 'diagnosis' | 'pausedUntil' | 'reason'> {
  if (!isClosed(state)) {
    return { state: 'open', reason: undefined, diagnosis: undefined, pausedUntil: undefined }
  }
  const cause = { reason: state.cause.type, diagnosis: diagnosisOf(state.cause) }
  // The first request after a pause is the probe.
  return state.name === 'paused' && nowMs < state.untilMs
    ? { state: 'paused', pausedUntil: wall(state.untilMs), ...cause }
    : { state: 'probing', pausedUntil: undefined, ...cause }
}

/**
 * Logs a line when the gate closes, closes for another reason, or opens, but not when another probe fails for
 * the same reason. `wall` turns an instant into epoch milliseconds.
 */
export function logChange(
  log: Log,
  before: GateState,
  state: GateState,
  wall: (monotonicMs: number) => number,
): void {
  if (!isClosed(state)) {
    if (isClosed(before)) log.info('requests to Spotify resume')
    return
  }
  if (state.name !== 'paused') return
  const { name: diagnosis, remedy } = diagnosisOf(state.cause)
  if (isClosed(before) && diagnosisOf(before.cause).name === diagnosis) return
  const level = state.cause.type === 'spotify-access-denied' ? 'error' : 'warn'
  const facts = { diagnosis, remedy, paused_until: new Date(wall(state.untilMs)).toISOString() }
  log[level]({ ...facts, err: state.cause }, 'requests to Spotify are paused')
}

import type { Log } from '../../lib/logger.ts'
import type { ProblemType } from '../../problems/problem.ts'
import { type Diagnosis, diagnosisOf } from './diagnosis.ts'
import { type GateState, isShut } from './gate-state.ts'

export interface GateStatus {
  readonly state: 'open' | 'paused' | 'probing'
  /** Why it is not open. */
  readonly diagnosis: Diagnosis | undefined
  /** Epoch milliseconds until which nothing is sent. */
  readonly pausedUntil: number | undefined
  /** The type of the problem that has closed it. */
  readonly reason: ProblemType | undefined
  /** Requests sent again since the start. */
  readonly retries: number
  readonly inFlight: number
  readonly queued: number
}

/** What is to be told of the state at `nowMs`. `wall` turns an instant into epoch milliseconds. */
export function stateStatus(
  state: GateState,
  nowMs: number,
  wall: (monotonicMs: number) => number,
): Pick<GateStatus, 'state' | 'diagnosis' | 'pausedUntil' | 'reason'> {
  if (!isShut(state)) {
    return { state: 'open', reason: undefined, diagnosis: undefined, pausedUntil: undefined }
  }
  const cause = { reason: state.cause.type, diagnosis: diagnosisOf(state.cause) }
  // Once a pause is over the next request is the probe.
  return state.name === 'paused' && nowMs < state.untilMs
    ? { state: 'paused', pausedUntil: wall(state.untilMs), ...cause }
    : { state: 'probing', pausedUntil: undefined, ...cause }
}

/**
 * Writes one line when the gate closes, closes for another reason, or opens. What goes on, such as
 * a probe that fails like the one before, is no news. `wall` turns an instant into epoch ms.
 */
export function logChange(
  log: Log,
  before: GateState,
  state: GateState,
  wall: (monotonicMs: number) => number,
): void {
  if (!isShut(state)) {
    if (isShut(before)) log.info('Spotify answers again')
    return
  }
  if (state.name !== 'paused') return
  const { name: diagnosis, remedy } = diagnosisOf(state.cause)
  if (isShut(before) && diagnosisOf(before.cause).name === diagnosis) return
  const level = state.cause.type === 'spotify-access-denied' ? 'error' : 'warn'
  const facts = { diagnosis, remedy, paused_until: new Date(wall(state.untilMs)).toISOString() }
  log[level]({ ...facts, err: state.cause }, 'requests to Spotify are paused')
}

import type { Log } from '../log.ts'
import { diagnosisOf } from './diagnosis.ts'
import { type GateState, isShut } from './gate-state.ts'

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

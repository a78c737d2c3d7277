import { Problem } from '../../src/problems/problem.ts'
import { type Evidence, NO_EVIDENCE, withReport } from '../../src/spotify/gate/gate-evidence.ts'
import type { Outcome } from '../../src/spotify/gate/gate-outcome.ts'
import { after, type GateState, OPEN } from '../../src/spotify/gate/gate-state.ts'

export const down = new Problem('spotify-unavailable', 'down')
export const denial = new Problem('spotify-access-denied', 'denied')
export const limit = new Problem('spotify-rate-limited', 'slow down')

export const succeeded: Outcome = { kind: 'succeeded' }
export const declined: Outcome = { kind: 'declined' }
export const unknown: Outcome = { kind: 'unknown' }
export const failed: Outcome = { kind: 'failed', cause: down, forMs: 0 }
export const denied: Outcome = { kind: 'denied', cause: denial }
export const refusedFor = (forMs: number): Outcome => ({ kind: 'refused', cause: limit, forMs })

/** The gate state and evidence. */
export interface History {
  state: GateState
  evidence: Evidence
}

export const START: History = { state: OPEN, evidence: NO_EVIDENCE }

interface Facts {
  subject?: string
  isProbe?: boolean
  nowMs?: number
  jitter?: number
}

/** Returns the history after one more request ends. */
export function then({ state, evidence }: History, outcome: Outcome, facts: Facts = {}): History {
  const report = { outcome, subject: 'bob', isProbe: false, nowMs: 0, jitter: 0, ...facts }
  const next = withReport(evidence, report)
  return { state: after(state, next, report), evidence: next }
}

/** Returns the history after the same outcome for each of these subjects. */
export function each(history: History, outcome: Outcome, subjects: string[], facts: Facts = {}) {
  return subjects.reduce((so, subject) => then(so, outcome, { ...facts, subject }), history)
}

import { setMaxListeners } from 'node:events'
import { WaitingCallers } from '../../src/lib/waiting-callers.ts'
import { createGate, type GateOptions, type Terms } from '../../src/spotify/gate/gate.ts'
import { DailyBudget } from '../../src/spotify/gate/request-quota.ts'
import { recordingLogger } from './log-lines.ts'
import { ManualClock } from './manual-clock.ts'

interface Settings extends Partial<GateOptions> {
  /** Requests in 24 hours; any number when left out. */
  dailyBudget?: number
}

/** A gate with a clock that the test moves, and what it logs. */
export function gateFor(settings: Settings = {}) {
  const { dailyBudget, ...options } = settings
  const clock = new ManualClock()
  const { logger: log, lines } = recordingLogger()
  const budget = new DailyBudget(dailyBudget, clock)
  const defaults = { concurrency: 8, queue: 500, random: () => 0, log, clock, budget }
  return { gate: createGate({ ...defaults, ...options }), clock, lines, budget }
}

/** Terms that never run out, of a Spotify that answers probes, unless some are set otherwise. */
export function terms(limits: Partial<Terms> = {}): Terms {
  const startByMs = Number.POSITIVE_INFINITY
  const { signal } = new AbortController()
  setMaxListeners(0, signal)
  return {
    subject: 'someone',
    callers: new WaitingCallers('caller'),
    isRefresh: false,
    signal,
    startByMs,
    retryByMs: startByMs,
    probe: async () => {},
    ...limits,
  }
}

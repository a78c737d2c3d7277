import { WaitingCallers } from '../../src/lib/waiting-callers.ts'
import { createGate, type GateOptions, type PassOptions } from '../../src/spotify/gate/gate.ts'
import { DailyBudget } from '../../src/spotify/gate/request-quota.ts'
import { recordingLogger } from './log-lines.ts'
import { ManualClock } from './manual-clock.ts'

interface Settings extends Partial<GateOptions> {
  /** Requests in 24 hours; unlimited when left out. */
  dailyBudget?: number
}

/** A gate with a manual clock and log lines. */
export function gateFor(settings: Settings = {}) {
  const { dailyBudget, ...options } = settings
  const clock = new ManualClock()
  const { logger: log, lines } = recordingLogger()
  const budget = new DailyBudget(dailyBudget, clock)
  const defaults = { concurrency: 8, queue: 500, random: () => 0, log, clock, budget }
  return { gate: createGate({ ...defaults, ...options }), clock, lines, budget }
}

/** Options without deadlines, with successful probes unless `options` overrides them. */
export function passOptions(options: Partial<PassOptions> = {}): PassOptions {
  const startByMs = Number.POSITIVE_INFINITY
  const { signal } = new AbortController()
  return {
    subject: 'someone',
    callers: new WaitingCallers('caller'),
    isRevalidation: false,
    signal,
    startByMs,
    retryByMs: startByMs,
    probe: async () => {},
    ...options,
  }
}

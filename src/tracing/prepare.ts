import { type RunInBackground, runUntraced } from '../lib/background.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log, LogIds } from '../lib/logger.ts'
import { type Environment, tracingPlan } from './otel-config.ts'

/** Tracing as the entry point uses it. */
export interface Tracing {
  /** The clock that was handed in; its tasks belong to no request. */
  readonly clock: Clock
  readonly runInBackground: RunInBackground
  /** Delivers the spans that are left, for `limitMs` milliseconds at most, and ends tracing. */
  stop(limitMs: number): Promise<void>
}

/** What has to be known before there is a logger, and how tracing begins when there is one. */
export interface PreparedTracing {
  /** Adds trace and span to log lines; undefined while tracing is off. */
  readonly logIds: LogIds | undefined
  /** To be called before the server is made. */
  start(log: Log, clock: Clock): Tracing
}

/**
 * Loads OpenTelemetry when the `OTEL_*` variables ask for traces, and nothing of it otherwise. The
 * SDK reads the rest of its variables from the environment of the process itself.
 */
export async function prepareTracing(environment: Environment): Promise<PreparedTracing> {
  const plan = tracingPlan(environment)
  const isOn = plan.exporters.length > 0
  const openTelemetry = isOn ? await import('./open-telemetry.ts') : undefined
  return {
    logIds: openTelemetry?.logIds,
    start(log, clock) {
      for (const warning of plan.warnings) log.warn(warning)
      return openTelemetry === undefined
        ? { clock, runInBackground: runUntraced, stop: async () => {} }
        : openTelemetry.startTracing(plan, log, clock)
    },
  }
}

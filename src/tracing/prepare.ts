import type { Variables } from '../config/environment.ts'
import { type RunInBackground, runUntraced } from '../lib/background.ts'
import type { Clock } from '../lib/clock.ts'
import type { Log, LogIds } from '../lib/logger.ts'
import { otelConfig } from './otel-config.ts'

/** What the entry point needs from tracing. */
export interface Tracing {
  /** Like the given clock, but tasks belong to no request. */
  readonly clock: Clock
  readonly runInBackground: RunInBackground
  /** Delivers the last spans within `limitMs` milliseconds, and stops tracing. */
  stop(limitMs: number): Promise<void>
}

/** What the logger needs from tracing. Starting tracing in turn needs the logger. */
export interface PreparedTracing {
  /** Adds trace and span ids to log lines; undefined if tracing is off. */
  readonly logIds: LogIds | undefined
  /** Starts tracing. Call this function before you create the server. */
  start(log: Log, clock: Clock): Tracing
}

/**
 * Loads OpenTelemetry only if the `OTEL_*` variables turn tracing on. The SDK reads other variables from
 * the process environment.
 */
export async function prepareTracing(environment: Variables): Promise<PreparedTracing> {
  const config = otelConfig(environment)
  const isOn = config.exporters.length > 0
  const openTelemetry = isOn ? await import('./open-telemetry.ts') : undefined
  return {
    logIds: openTelemetry?.logIds,
    start(log, clock) {
      for (const warning of config.warnings) log.warn(warning)
      return openTelemetry === undefined
        ? { clock, runInBackground: runUntraced, stop: async () => {} }
        : openTelemetry.startTracing(config, log, clock)
    },
  }
}

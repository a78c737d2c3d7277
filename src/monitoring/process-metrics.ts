import { Counter, collectDefaultMetrics, Registry } from 'prom-client'

/** Sums of other metrics under names that are for counters, which these are not. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/**
 * Starts to collect the metrics of this process: those that Prometheus clients share (memory, CPU
 * time, garbage collection, event loop lag), and the log lines that were dropped. To be called once
 * in a process.
 */
export function collectProcessMetrics(droppedLogLines: () => number): Registry {
  const register = new Registry()
  collectDefaultMetrics({ register })
  for (const name of MISNAMED) register.removeSingleMetric(name)
  new Counter({
    name: 'playlist_proxy_log_lines_dropped_total',
    help: 'Log lines that were dropped because they could not be written.',
    registers: [register],
    collect() {
      this.reset()
      this.inc(droppedLogLines())
    },
  })
  return register
}

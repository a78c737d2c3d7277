import { collectDefaultMetrics, Registry } from 'prom-client'
import { scrapedMetrics } from './scraped-metrics.ts'

/** Gauges named like counters, with `_total`, which only repeat sums from other metrics. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/**
 * Starts to collect process metrics: the Prometheus client defaults (memory, CPU time, garbage collection,
 * event loop lag), and dropped log lines. Call it once per process.
 */
export function collectProcessMetrics(droppedLogLines: () => number): Registry {
  const register = new Registry()
  collectDefaultMetrics({ register })
  for (const name of MISNAMED) register.removeSingleMetric(name)
  scrapedMetrics(register).counter(
    'log_lines_dropped_total',
    'Log lines dropped because the service could not write them.',
    droppedLogLines,
  )
  return register
}

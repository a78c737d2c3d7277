import { collectDefaultMetrics, Registry } from 'prom-client'

/** Sums of other metrics under names that are for counters, which these are not. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/**
 * Begins to collect what Prometheus clients tell of a process: memory, CPU time, garbage collection,
 * the lag of the event loop. To be called once in a process.
 */
export function collectProcessMetrics(): Registry {
  const register = new Registry()
  collectDefaultMetrics({ register })
  for (const name of MISNAMED) register.removeSingleMetric(name)
  return register
}

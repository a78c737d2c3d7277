import type { Metric, Registry } from 'prom-client'

/** A metric value for one set of labels. */
export interface Sample {
  /** Differs from the metric name only in histograms. */
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** Registers a metric that is read on each scrape, at no cost for requests. */
export function registerScraped(
  register: Registry,
  type: 'counter' | 'gauge' | 'histogram',
  name: string,
  help: string,
  read: () => readonly Sample[],
): void {
  const metric = { name, get: async () => ({ name, help, type, values: read() }) }
  // The types require a prom-client class; the registry itself calls only `get`.
  register.registerMetric(metric as unknown as Metric)
}

type Read = () => number | readonly Sample[]

/**
 * Returns functions to register a counter or a gauge. `name` lacks the service prefix. `read` returns a
 * sample for each set of labels, or just a number for a metric without labels.
 */
export function scrapedMetrics(register: Registry) {
  const define = (type: 'counter' | 'gauge') => (name: string, help: string, read: Read) => {
    registerScraped(register, type, `playlist_proxy_${name}`, help, () => {
      const values = read()
      return typeof values === 'number' ? [{ labels: {}, value: values }] : values
    })
  }
  return { counter: define('counter'), gauge: define('gauge') }
}

/** Returns a sample per name: 1 for the current names, 0 for the others. */
export function flags(
  label: string,
  names: readonly string[],
  current: readonly string[],
): Sample[] {
  return names.map(name => ({ labels: { [label]: name }, value: Number(current.includes(name)) }))
}

import type { Metric, Registry } from 'prom-client'

/** A value of a metric for one set of labels. */
export interface Sample {
  /** Differs from the name of the metric only in histograms. */
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
}

/** Registers a metric that reads its samples at each scrape, at no cost for requests. */
export function registerScraped(
  register: Registry,
  type: 'counter' | 'gauge' | 'histogram',
  name: string,
  help: string,
  read: () => readonly Sample[],
): void {
  const metric = { name, get: async () => ({ name, help, type, values: read() }) }
  // The types want a class of prom-client; the registry itself calls only `get`.
  register.registerMetric(metric as unknown as Metric)
}

type Read = () => number | readonly Sample[]

/**
 * Returns functions that register a counter or a gauge. `name` lacks the prefix of the service. `read` returns
 * a sample for each set of labels, or just a number for a metric without labels.
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

/** A sample for each name: 1 for the current ones, 0 for the others. */
export function flags(
  label: string,
  names: readonly string[],
  current: readonly string[],
): Sample[] {
  return names.map(name => ({ labels: { [label]: name }, value: Number(current.includes(name)) }))
}

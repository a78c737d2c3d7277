import type { Histogram, Registry } from 'prom-client'

export interface DurationHistogramOptions {
  name: string
  help: string
  /** Upper bounds in seconds, ascending. */
  buckets: readonly number[]
  registers: readonly Registry[]
}

/** Counts the durations in each bucket, for one set of labels. */
export class DurationSeries {
  readonly #buckets: readonly number[]
  /** Not cumulative. The last element counts durations above all bounds. */
  readonly counts: Float64Array
  sum = 0

  constructor(buckets: readonly number[]) {
    this.#buckets = buckets
    this.counts = new Float64Array(buckets.length + 1)
  }

  observe(seconds: number): void {
    const buckets = this.#buckets
    let index = 0
    while (index < buckets.length && seconds > (buckets[index] as number)) index++
    this.counts[index] = (this.counts[index] as number) + 1
    this.sum += seconds
  }
}

/** What a registry needs from a metric; prom-client's types omit the name. */
interface RegistryMetric {
  name?: string
  get(): Promise<unknown>
}

/**
 * A Prometheus histogram of durations in seconds. For every observation, prom-client's own histogram
 * creates and hashes an object of labels, which takes longer than serving a hit. This class hands out
 * each series once, and the series counts in plain numbers until a scrape.
 */
export class DurationHistogram<Label extends string> {
  readonly #options: DurationHistogramOptions
  readonly #series: { labels: Record<Label, string>; series: DurationSeries }[] = []

  constructor(options: DurationHistogramOptions) {
    this.#options = options
    const { name, registers } = options
    const metric: RegistryMetric = { name, get: async () => this.#values() }
    for (const registry of registers) registry.registerMetric(metric as Histogram)
  }

  /** Adds a series. Call it once for each set of labels. */
  series(labels: Record<Label, string>): DurationSeries {
    const series = new DurationSeries(this.#options.buckets)
    this.#series.push({ labels, series })
    return series
  }

  #values() {
    const { name, help } = this.#options
    const values = this.#series.flatMap(({ labels, series }) => this.#valuesOf(labels, series))
    return { name, help, type: 'histogram', values }
  }

  #valuesOf(labels: Record<string, string>, { counts, sum }: DurationSeries) {
    const { name, buckets } = this.#options
    let count = 0
    const cumulative = [...buckets, '+Inf'].map((le, index) => {
      count += counts[index] as number
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
    })
    return [
      ...cumulative,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ]
  }
}

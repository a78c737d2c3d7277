import type { Registry } from 'prom-client'
import { registerScraped, type Sample } from './scraped-metrics.ts'

export interface DurationHistogramOptions {
  name: string
  help: string
  /** Upper bounds in seconds, ascending. */
  buckets: readonly number[]
  register: Registry
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

/**
 * A Prometheus histogram for durations in seconds. For every observation, prom-client's own histogram
 * creates and hashes a labels object, which takes longer than serving a hit. This class hands out each
 * series once, and the series counts in plain numbers until a scrape.
 */
export class DurationHistogram<Label extends string> {
  readonly #options: DurationHistogramOptions
  readonly #series: { labels: Record<Label, string>; series: DurationSeries }[] = []

  constructor(options: DurationHistogramOptions) {
    this.#options = options
    const { register, name, help } = options
    registerScraped(register, 'histogram', name, help, () =>
      this.#series.flatMap(({ labels, series }) => this.#samplesOf(labels, series)),
    )
  }

  /** Adds a series. Call it once for each set of labels. */
  series(labels: Record<Label, string>): DurationSeries {
    const series = new DurationSeries(this.#options.buckets)
    this.#series.push({ labels, series })
    return series
  }

  #samplesOf(labels: Record<string, string>, { counts, sum }: DurationSeries): Sample[] {
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

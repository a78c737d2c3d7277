import type { Spread } from './statistics.ts'

/** A table row. */
export interface Metric {
  group: string
  name: string
  /** The unit of `ours` and `reference`. */
  unit: string
  ours: Spread
  /** The measurement to compare `ours` with. */
  reference?: Spread & { name: string }
  /** Pair by pair: `reference / ours` for `atLeast`, `ours / reference` for `atMost`. */
  ratio?: Spread
  /** Applies to the median ratio, or to the median of `ours` if there is no ratio. */
  threshold?: Threshold
  /** The machine share used by other processes, 0 to 1. */
  othersShare?: number
  /** The share of time each server was busy, 0 to 1. A value far below 1 means too low a load. */
  busyShare?: { ours: number; reference: number }
  note?: string
}

export type Threshold = { atLeast: number } | { atMost: number }

/** If other processes used more than this share, the table marks a metric as disturbed. */
export const DISTURBED_SHARE = 0.1

/** Whether the metric meets the threshold; undefined without a threshold. */
export function isMet({ threshold, ratio, ours }: Metric): boolean | undefined {
  if (threshold === undefined) return undefined
  const { median } = ratio ?? ours
  return 'atLeast' in threshold ? median >= threshold.atLeast : median <= threshold.atMost
}

const digits = (value: number) => (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)
const number = (value: number) => value.toFixed(digits(value))

function shown({ median, q1, q3, count }: Spread): string {
  return count === 1 ? number(median) : `${number(median)} (${number(q1)}-${number(q3)})`
}

function thresholdText(threshold: Threshold): string {
  return 'atLeast' in threshold ? `>= ${threshold.atLeast}` : `<= ${threshold.atMost}`
}

/** Formats the metrics as a Markdown table: medians, with quartiles in brackets. */
export function tableOf(metrics: readonly Metric[]): string {
  const rows = metrics.map(metric => {
    const { name, unit, ours, reference, ratio, threshold, othersShare = 0, note = '' } = metric
    const met = isMet(metric)
    return [
      metric.group,
      othersShare > DISTURBED_SHARE ? `${name} ~` : name,
      `${shown(ours)} ${unit}`,
      reference === undefined ? '' : `${shown(reference)} ${unit}: ${reference.name}`,
      ratio === undefined ? '' : shown(ratio),
      threshold === undefined ? '' : thresholdText(threshold),
      met === undefined ? '' : met ? 'met' : 'MISSED',
      note,
    ]
  })
  const head = ['group', 'metric', 'ours', 'reference', 'ratio', 'threshold', 'verdict', 'note']
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map(row => String(row[at]).length)),
  )
  const line = (cells: string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(Number(widths[at]))).join(' | ')} |`
  const rule = `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

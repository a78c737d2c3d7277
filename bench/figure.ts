import type { Spread } from './statistics.ts'

/** A line of the report. */
export interface Figure {
  group: string
  name: string
  /** Of `ours` and `reference`. */
  unit: string
  ours: Spread
  /** What it is held against. */
  reference?: Spread & { name: string }
  /** Of ours and reference, pair by pair; which way round, the bar's sense says. */
  ratio?: Spread
  /** On the median of the ratio, or of ours where there is no ratio. */
  bar?: Bar
  /** The share of the machine, 0 to 1, that others took meanwhile. */
  othersShare?: number
  /** The share of the time, 0 to 1, in which the server of each was at work: far below 1, the load was too little. */
  busyShare?: { ours: number; reference: number }
  /** What else is to be known of it. */
  note?: string
}

export type Bar = { atLeast: number } | { atMost: number }

/** Beyond this share of the machine for others, a figure is marked as disturbed. */
export const DISTURBED_SHARE = 0.1

/** Whether its bar is held; undefined without one. */
export function isHeld({ bar, ratio, ours }: Figure): boolean | undefined {
  if (bar === undefined) return undefined
  const { median } = ratio ?? ours
  return 'atLeast' in bar ? median >= bar.atLeast : median <= bar.atMost
}

const digits = (value: number) => (Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)
const number = (value: number) => value.toFixed(digits(value))

function shown({ median, q1, q3, count }: Spread): string {
  return count === 1 ? number(median) : `${number(median)} (${number(q1)}-${number(q3)})`
}

function barOf(bar: Bar): string {
  return 'atLeast' in bar ? `>= ${bar.atLeast}` : `<= ${bar.atMost}`
}

/** The figures as a Markdown table: median, quartiles in brackets. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(figure => {
    const { name, unit, ours, reference, ratio, bar, othersShare = 0, note = '' } = figure
    const held = isHeld(figure)
    return [
      figure.group,
      othersShare > DISTURBED_SHARE ? `${name} ~` : name,
      `${shown(ours)} ${unit}`,
      reference === undefined ? '' : `${shown(reference)} ${unit}: ${reference.name}`,
      ratio === undefined ? '' : shown(ratio),
      bar === undefined ? '' : barOf(bar),
      held === undefined ? '' : held ? 'held' : 'MISSED',
      note,
    ]
  })
  const head = ['group', 'figure', 'ours', 'reference', 'ratio', 'bar', 'verdict', 'note']
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map(row => String(row[at]).length)),
  )
  const line = (cells: string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(Number(widths[at]))).join(' | ')} |`
  const rule = `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

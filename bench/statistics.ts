/** The median and the spread of a repeated measurement. */
export interface Spread {
  median: number
  /** The first and the third quartile. */
  q1: number
  q3: number
  /** The number of measurements. */
  count: number
}

/** Returns the value at quantile `share` (0 to 1), interpolated linearly; NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    median: quantile(values, 0.5),
    q1: quantile(values, 0.25),
    q3: quantile(values, 0.75),
    count: values.length,
  }
}

import type { Metric } from './metric.ts'

/** How much to measure. */
export interface Plan {
  /** Number of slice pairs; each pair has a slice for each server. */
  slices: number
  sliceMs: number
  warmUpMs: number
  /** Repetitions of measurements without slices. */
  rounds: number
}

export const FULL: Plan = { slices: 15, sliceMs: 400, warmUpMs: 2000, rounds: 5 }
export const QUICK: Plan = { slices: 5, sliceMs: 200, warmUpMs: 700, rounds: 2 }

/** What the benchmark passes to each group. */
export interface Bench {
  readonly plan: Plan
  /**
   * Runs the function when the group ends or the benchmark is interrupted. The last deferred function runs
   * first.
   */
  readonly defer: (close: () => unknown) => void
  /** Reports progress. */
  report(text: string): void
}

/** Measures a group of metrics. */
export type Group = (bench: Bench) => Promise<Metric[]>

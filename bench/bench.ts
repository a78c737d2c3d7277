import type { Metric } from './metric.ts'

/** How much to measure. */
export interface Plan {
  /** Pairs of slices, one for each server. */
  slices: number
  sliceMs: number
  warmUpMs: number
  /** Repetitions of measurements without slices. */
  rounds: number
}

export const FULL: Plan = { slices: 15, sliceMs: 400, warmUpMs: 2000, rounds: 5 }
export const QUICK: Plan = { slices: 5, sliceMs: 200, warmUpMs: 700, rounds: 2 }

/** The context of a group. */
export interface Bench {
  readonly plan: Plan
  /** Runs the function when the group ends or the benchmark is interrupted, the last one first. */
  defer(close: () => unknown): void
  /** Reports progress. */
  report(text: string): void
}

/** Measures a group of metrics. */
export type Group = (bench: Bench) => Promise<Metric[]>

import type { Figure } from './figure.ts'

/** How much is measured. */
export interface Plan {
  /** Pairs of slices, one of each that is compared. */
  slices: number
  sliceMs: number
  warmUpMs: number
  /** How often what is not sliced is measured. */
  rounds: number
}

export const FULL: Plan = { slices: 15, sliceMs: 400, warmUpMs: 2000, rounds: 5 }
export const QUICK: Plan = { slices: 5, sliceMs: 200, warmUpMs: 700, rounds: 2 }

/** What a group of figures has to work with. */
export interface Bench {
  readonly plan: Plan
  /** Runs when the group ends or the benchmark is interrupted, last first. */
  defer(close: () => unknown): void
  /** Says what is going on. */
  say(text: string): void
}

/** Measures some figures that belong together. */
export type Group = (bench: Bench) => Promise<Figure[]>

import { LRUCache } from 'lru-cache'
import { backOffMs, type Clock } from '../lib/clock.ts'
import { askAgainAt, type Problem, type ProblemType } from '../problems/problem.ts'

const MAX_KEYS = 5000

/** Found out anew at no cost, if the origin was not asked, and perhaps gone the moment after. */
const NOT_REMEMBERED: ReadonlySet<ProblemType> = new Set([
  'overloaded',
  'quota-budget-spent',
  'deadline-exceeded',
  'shutting-down',
])

/** Whether asking again soon would fail with the same problem, and cost the origin the same. */
export function isWorthRemembering(problem: Problem): boolean {
  return problem.originStatus !== undefined || !NOT_REMEMBERED.has(problem.type)
}

export interface FailureMemoryOptions {
  clock: Clock
  /** A number from 0 (included) to 1 (excluded); keeps the next tries of many keys out of step. */
  random: () => number
}

interface Failure {
  readonly problem: Problem
  /** On the monotonic clock. */
  readonly untilMs: number
  /** How often in a row. */
  readonly times: number
}

/**
 * What each key failed with lately, so that a key that fails costs the origin no more than one that
 * works, however often it is asked for. Bounded: the longest unused is forgotten first.
 */
export class FailureMemory {
  readonly #options: FailureMemoryOptions
  readonly #failures = new LRUCache<string, Failure>({ max: MAX_KEYS })

  constructor(options: FailureMemoryOptions) {
    this.#options = options
  }

  /**
   * Remembers a failure until the instant that it names, or else for a back-off that doubles with
   * each failure in a row, from 1 s to 60 s and up to a tenth more. Returns it with that instant.
   */
  remember(key: string, problem: Problem): Problem {
    if (!isWorthRemembering(problem)) return problem
    const { clock, random } = this.#options
    const times = (this.#failures.get(key)?.times ?? 0) + 1
    const retryAt = problem.retryAt ?? clock.now() + backOffMs(times) * (1 + 0.1 * random())
    const untilMs = clock.monotonic() + (retryAt - clock.now())
    this.#failures.set(key, { problem, untilMs, times })
    return askAgainAt(problem, retryAt, true)
  }

  /** The key works again. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  /** Whether the last request for the key failed, however long ago. */
  has(key: string): boolean {
    return this.#failures.has(key)
  }

  /** What the key failed with, while the origin is not to be asked for it. */
  standing(key: string): Problem | undefined {
    const failure = this.#failures.get(key)
    if (failure === undefined) return undefined
    const { clock } = this.#options
    const leftMs = failure.untilMs - clock.monotonic()
    return leftMs > 0 ? askAgainAt(failure.problem, clock.now() + leftMs, false) : undefined
  }
}

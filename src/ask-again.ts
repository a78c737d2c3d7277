import { Problem } from './problems.ts'

/**
 * The same problem with the instant (epoch ms) from which on asking again may help. It stands for
 * an answer of the origin only when `isAnswer`; else it is told from memory.
 */
export function askAgainAt(problem: Problem, retryAt: number, isAnswer: boolean): Problem {
  const { type, message, cause, transient, causeName, originStatus } = problem
  const status = isAnswer && originStatus !== undefined ? { originStatus } : {}
  return new Problem(type, message, { cause, retryAt, transient, causeName, ...status })
}

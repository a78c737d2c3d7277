import { type Static, Type } from 'typebox'
import type { Problem, ProblemType } from '../problems/problem.ts'
import { remoteProblem } from '../spotify/gate/diagnosis.ts'
import { DENIED_PAUSE_MS } from '../spotify/gate/gate-outcome.ts'

/** The longest Spotify refusal. */
export const DAY_MS = 86_400_000
/** The token keeper's longest back-off, with jitter. */
const REJECTED_MS = 66_000

/** Problems that concern all replicas, with their maximum duration in milliseconds. */
export const LONGEST_MS = {
  'spotify-rate-limited': DAY_MS,
  'spotify-quota-exceeded': DAY_MS,
  // A response with any status can have a Retry-After.
  'spotify-unavailable': DAY_MS,
  'spotify-bad-response': DAY_MS,
  'spotify-access-denied': DENIED_PAUSE_MS,
  'spotify-credentials-rejected': REJECTED_MS,
  'quota-budget-spent': DAY_MS,
} as const satisfies Partial<Record<ProblemType, number>>

type SharedType = keyof typeof LONGEST_MS

/**
 * A problem in a message. It has names instead of texts, since no replica accepts texts from another, and a
 * duration instead of an instant, since clocks differ.
 */
export const remoteProblemSchema = Type.Object({
  type: Type.Enum(Object.keys(LONGEST_MS) as [SharedType]),
  diagnosis: Type.Optional(Type.String()),
  retryAfterMs: Type.Optional(Type.Integer({ minimum: 0, maximum: DAY_MS })),
  originStatus: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
})

export type RemoteProblem = Static<typeof remoteProblemSchema>

/** Returns undefined if only this replica has the problem. `now` is epoch milliseconds. */
export function encodeProblem(problem: Problem, now: number): RemoteProblem | undefined {
  const { type, causeName, retryAt, originStatus } = problem
  if (!isShared(type)) return undefined
  const leftMs = Math.ceil((retryAt ?? now) - now)
  return {
    type,
    ...(causeName === undefined ? {} : { diagnosis: causeName }),
    ...(leftMs > 0 ? { retryAfterMs: Math.min(leftMs, LONGEST_MS[type]) } : {}),
    ...(originStatus === undefined ? {} : { originStatus }),
  }
}

/** Restores the problem with this replica's texts. `now` is epoch milliseconds. */
export function decodeProblem(remote: RemoteProblem, now: number): Problem {
  const { type, diagnosis, retryAfterMs, originStatus } = remote
  return remoteProblem(type, diagnosis, {
    ...(retryAfterMs === undefined
      ? {}
      : { retryAt: now + Math.min(retryAfterMs, LONGEST_MS[type]) }),
    ...(originStatus === undefined ? {} : { originStatus }),
  })
}

function isShared(type: ProblemType): type is SharedType {
  return Object.hasOwn(LONGEST_MS, type)
}

import type { Clock } from '../clock.ts'
import { asProblem } from '../problems.ts'
import { isWorthRemembering } from './failure-memory.ts'
import type { StoredResponse } from './freshness.ts'
import type { Sized } from './memory-store.ts'
import type { Outcome } from './productions.ts'
import type { Claim } from './shared-tier.ts'
import type { Tiers } from './tiers.ts'

/** One key for which the origin is to be asked. */
export interface Wanted<Body> {
  key: string
  /** What is to be replaced. */
  found: StoredResponse<Body> | undefined
  /** From when on, on the monotonic clock, another cache is not waited for any more. */
  deadlineMs: number
}

/**
 * Asks the origin with `ask` unless another of the caches that share a tier does already, whose
 * result is then good for all of them. `ask` is given what is to be replaced.
 *
 * @throws {Problem} what the origin failed with, here or there.
 */
export async function askOnce<Body extends Sized>(
  { key, found, deadlineMs }: Wanted<Body>,
  ask: (found: StoredResponse<Body> | undefined) => Promise<Outcome<Body>>,
  tiers: Tiers<Body>,
  clock: Clock,
): Promise<Outcome<Body>> {
  const beganAt = clock.now()
  for (;;) {
    const claim = await tiers.claim(key)
    if (claim.kind === 'unavailable') return ask(found)
    if (claim.kind === 'taken') {
      const { failure } = await claim.news
      if (failure !== undefined) throw failure
    }
    // After the claim, so that what was stored before it is seen.
    const newest = await tiers.pull(key)
    const isNew = newest !== undefined && newest.generatedAt > (found?.generatedAt ?? 0)
    if (isNew && (newest.generatedAt >= beganAt || clock.now() < newest.freshUntil)) {
      if (claim.kind === 'held') claim.released()
      return { response: newest, status: undefined, stored: true }
    }
    if (claim.kind === 'held') return asHolder(claim, () => ask(newest ?? found))
    if (clock.monotonic() >= deadlineMs) return ask(newest ?? found)
  }
}

/** The others are told behind the answer, so that no caller waits for that. */
async function asHolder<Body>(
  claim: Extract<Claim<Body>, { kind: 'held' }>,
  ask: () => Promise<Outcome<Body>>,
): Promise<Outcome<Body>> {
  try {
    const outcome = await ask()
    claim.stored(outcome.response)
    return outcome
  } catch (error) {
    const problem = asProblem(error)
    // What is about this process alone, such as its end, must not keep the others from asking.
    if (isWorthRemembering(problem)) claim.failed(problem)
    else claim.released()
    throw error
  }
}

import type { Problem } from '../problems/problem.ts'
import type { ForwardReason, StoredResponse } from './freshness.ts'

/** The way of a lookup to the origin, in the terms of RFC 9211. */
export interface Forward {
  readonly reason: ForwardReason
  /** The status that the origin answered with; undefined when no answer arrived. */
  readonly status: number | undefined
  /** Whether the answer was stored. */
  readonly stored: boolean
  /** Whether the lookup shared a request to the origin that was already under way. */
  readonly collapsed: boolean
  /** Requests to the origin that this lookup has caused; none when it shared those of another. */
  readonly requests: number
}

/**
 * What came of a lookup: a response, from the store when there is no `forward`; a response that
 * stands in for the `failure` of the origin; or just the failure. A failure without `forward` is
 * one that the cache remembers.
 */
export type Lookup<Body> =
  | {
      readonly response: StoredResponse<Body>
      readonly forward?: Forward
      readonly failure?: Problem
    }
  | { readonly response?: never; readonly forward?: Forward; readonly failure: Problem }

/** What asking the origin came to, for all who wait for it. */
export interface Outcome<Body> {
  readonly response: StoredResponse<Body>
  /** The status that the origin answered with; undefined when another cache asked it. */
  readonly status: number | undefined
  readonly stored: boolean
}

/**
 * How a lookup was answered:
 * - `hit`, `stale`: from the store, fresh or stale,
 * - `miss`, `revalidated`: by the origin, with nothing usable stored or to replace what was,
 * - `stale-if-error`: from the store, in place of the failure of the origin,
 * - `failed`: with a problem.
 */
export const LOOKUP_RESULTS = [
  'hit',
  'stale',
  'miss',
  'revalidated',
  'stale-if-error',
  'failed',
] as const

export type LookupResult = (typeof LOOKUP_RESULTS)[number]

/** How the lookup was answered at `now` (epoch ms). */
export function lookupResult(
  { response, forward, failure }: Lookup<unknown>,
  now: number,
): LookupResult {
  if (response === undefined) return 'failed'
  if (failure !== undefined) return 'stale-if-error'
  if (forward === undefined) return now < response.freshUntil ? 'hit' : 'stale'
  return forward.reason === 'uri-miss' ? 'miss' : 'revalidated'
}

/** How lookups were answered since the start. */
export type LookupCounts = Record<LookupResult, number> & {
  /** Of all: those that shared a request to the origin. */
  collapsed: number
}

/** Counts before the first lookup. */
export function noLookups(): LookupCounts {
  const counts = { hit: 0, stale: 0, miss: 0, revalidated: 0, 'stale-if-error': 0, failed: 0 }
  return { ...counts, collapsed: 0 }
}

import type { Problem } from '../problems/problem.ts'
import type { ForwardReason, StoredResponse } from './freshness.ts'

/** How a lookup went to the origin, in RFC 9211 terms. */
export interface Forward {
  readonly reason: ForwardReason
  /** The origin's status; undefined if no response arrived. */
  readonly status: number | undefined
  readonly stored: boolean
  /** Whether the lookup joined an origin fetch in flight. */
  readonly collapsed: boolean
  /** Requests to the origin caused by this lookup: 0 if it joined a fetch. */
  readonly requests: number
}

/**
 * The result of a lookup: a response, a stale response with the origin's `failure`, or just the failure.
 * Without `forward`, the response or the failure comes from the cache.
 */
export type Lookup<Body> =
  | {
      readonly response: StoredResponse<Body>
      readonly forward?: Forward
      readonly failure?: Problem
    }
  | { readonly response?: never; readonly forward?: Forward; readonly failure: Problem }

/** The result of an origin fetch, for all waiting lookups. */
export interface Outcome<Body> {
  readonly response: StoredResponse<Body>
  /** The origin's status; undefined if another replica fetched the response. */
  readonly status: number | undefined
  readonly stored: boolean
}

/**
 * Lookup results:
 * - `hit`, `stale`: a stored response, fresh or stale,
 * - `miss`: a response from the origin, since no usable response was stored,
 * - `revalidated`: a response from the origin instead of a usable stored response,
 * - `stale-if-error`: a stored response, because the origin failed,
 * - `failed`: a problem.
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

/** Classifies a lookup at `now` (epoch ms). */
export function lookupResult(
  { response, forward, failure }: Lookup<unknown>,
  now: number,
): LookupResult {
  if (response === undefined) return 'failed'
  if (failure !== undefined) return 'stale-if-error'
  if (forward === undefined) return now < response.freshUntil ? 'hit' : 'stale'
  return forward.reason === 'uri-miss' ? 'miss' : 'revalidated'
}

/** Lookups since process start, by result. */
export type LookupCounts = Record<LookupResult, number> & {
  /** Lookups that joined an origin fetch in flight, whatever the result. */
  collapsed: number
}

export function noLookups(): LookupCounts {
  const counts = { hit: 0, stale: 0, miss: 0, revalidated: 0, 'stale-if-error': 0, failed: 0 }
  return { ...counts, collapsed: 0 }
}

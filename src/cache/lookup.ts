import type { Problem } from '../problems.ts'
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

/** How lookups were answered since the start; each counts in one of the first three. */
export interface LookupCounts {
  /** From the store, fresh. */
  hits: number
  /** From the store, stale. */
  staleHits: number
  /** By the origin, or with a problem. */
  misses: number
  /** Of all: those that shared a request to the origin. */
  collapsed: number
}

/** Counts a lookup that was answered at `now` (epoch ms). */
export function countLookup(
  counts: LookupCounts,
  { response, forward, failure }: Lookup<unknown>,
  now: number,
): void {
  if (forward?.collapsed) counts.collapsed++
  const isStored = response !== undefined && (forward === undefined || failure !== undefined)
  if (!isStored) counts.misses++
  else if (now < response.freshUntil) counts.hits++
  else counts.staleHits++
}

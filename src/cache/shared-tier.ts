import type { Problem } from '../problems/problem.ts'
import type { StoredResponse } from './freshness.ts'

/** A store shared by several caches, behind each cache's memory. */
export interface SharedTier<Body> {
  /**
   * Returns the stored response; undefined if no usable response is stored or the tier is unavailable.
   * Never rejects.
   */
  get(key: string): Promise<StoredResponse<Body> | undefined>
  /** Tries to acquire the exclusive right to fetch the key from the origin. Never rejects. */
  acquireLease(key: string): Promise<LeaseResult<Body>>
  /** Calls the listener when another cache has stored a response; `generatedAt` is epoch ms. */
  onStored(listener: (key: string, generatedAt: number) => void): void
}

/** How a lease ended; `failure` is set if the holder failed. */
export interface LeaseEnd {
  readonly failure: Problem | undefined
}

/** The result of acquiring a lease. */
export type LeaseResult<Body> =
  /** Fetch, then call one of the three functions to notify the other caches. None of them rejects. */
  | {
      readonly kind: 'held'
      stored(response: StoredResponse<Body>): Promise<void>
      failed(problem: Problem): Promise<void>
      released(): Promise<void>
    }
  /**
   * Another cache holds the lease. `ended` resolves when it is worth looking up the key and acquiring the
   * lease again. It never rejects.
   */
  | { readonly kind: 'taken'; readonly ended: Promise<LeaseEnd> }
  /** The tier is unavailable: fetch without a lease. */
  | { readonly kind: 'unavailable' }

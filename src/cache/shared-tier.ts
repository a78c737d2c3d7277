import type { Problem } from '../problems/problem.ts'
import type { StoredResponse } from './freshness.ts'

/** Where several caches share what they store, behind what each holds in memory. */
export interface SharedTier<Body> {
  /**
   * What is stored there for the key; undefined when nothing usable is, or the tier cannot tell
   * now. Never rejects.
   */
  get(key: string): Promise<StoredResponse<Body> | undefined>
  /** Asks to be the one that asks the origin for the key. Never rejects. */
  claim(key: string): Promise<Claim<Body>>
  /** Calls the listener when another cache has stored a response of this instant (epoch ms). */
  onStored(listener: (key: string, generatedAt: number) => void): void
}

/** What came of a claim. */
export type Claim<Body> =
  /** Ask the origin, then call one of the three, which tells the others. None rejects. */
  | {
      readonly kind: 'held'
      stored(response: StoredResponse<Body>): Promise<void>
      failed(problem: Problem): Promise<void>
      released(): Promise<void>
    }
  /**
   * Another cache is asking. `news` tells when it is worth to look and claim anew, and the failure
   * if it has failed. Never rejects.
   */
  | { readonly kind: 'taken'; readonly news: Promise<{ readonly failure: Problem | undefined }> }
  /** The tier cannot be asked: go on alone. */
  | { readonly kind: 'unavailable' }

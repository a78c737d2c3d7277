/** How long a response may be used, in seconds; the last two are counted from the end of freshness. */
export interface Lifetime {
  freshSeconds: number
  staleWhileRevalidateSeconds: number
  staleIfErrorSeconds: number
}

/**
 * A stored response: what it holds and the instants (epoch ms) that decide its use, fixed when it
 * was stored so that every reader, whenever and wherever, comes to the same decision.
 */
export interface StoredResponse<Body> {
  readonly body: Body
  /** When the origin gave it; its age (RFC 9111 4.2.3) counts from here. */
  readonly generatedAt: number
  readonly freshUntil: number
  readonly staleWhileRevalidateUntil: number
  readonly staleIfErrorUntil: number
}

/**
 * What may be done with a stored response:
 * - `fresh`: serve it (RFC 9111 4.2),
 * - `stale-while-revalidate`: serve it, refresh it behind the answer (RFC 5861 3),
 * - `stale-if-error`: refresh it first, serve it when that fails (RFC 5861 4),
 * - `gone`: it must not be served any more.
 */
export type Freshness = 'fresh' | 'stale-while-revalidate' | 'stale-if-error' | 'gone'

/** Decides by the instants alone; an instant is the first at which the use is over. */
export function freshness(stored: StoredResponse<unknown>, now: number): Freshness {
  if (now < stored.freshUntil) return 'fresh'
  if (now < stored.staleWhileRevalidateUntil) return 'stale-while-revalidate'
  if (now < stored.staleIfErrorUntil) return 'stale-if-error'
  return 'gone'
}

/** A response as it is stored at `generatedAt` (epoch ms). */
export function stored<Body>(
  body: Body,
  generatedAt: number,
  lifetime: Lifetime,
): StoredResponse<Body> {
  const freshUntil = generatedAt + lifetime.freshSeconds * 1000
  return {
    body,
    generatedAt,
    freshUntil,
    staleWhileRevalidateUntil: freshUntil + lifetime.staleWhileRevalidateSeconds * 1000,
    staleIfErrorUntil: freshUntil + lifetime.staleIfErrorSeconds * 1000,
  }
}

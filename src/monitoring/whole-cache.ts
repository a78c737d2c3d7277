import type { ResponseCache } from '../cache/response-cache.ts'

/** The cache of lists; its bytes include those of `others`, which hold what is made from the lists. */
export function wholeCache(
  cache: Pick<ResponseCache<never>, 'status'>,
  others: readonly ({ readonly heldBytes: number } | undefined)[],
  maxBytes: number,
): Pick<ResponseCache<never>, 'status'> {
  return {
    get status() {
      const { status } = cache
      const heldBytes = others.reduce((sum, other) => sum + (other?.heldBytes ?? 0), 0)
      return { ...status, bytes: status.bytes + heldBytes, maxBytes }
    },
  }
}

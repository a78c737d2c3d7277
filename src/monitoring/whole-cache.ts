import type { ResponseCache } from '../cache/response-cache.ts'

/** The cache of lists, with the memory of all that is made from them. */
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

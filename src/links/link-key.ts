import { type LinkName, liveRecord } from './link.ts'
import type { Links } from './links.ts'

/** No user id contains this character. */
const SEPARATOR = '/'

/**
 * The cache key for a user's list. For a linked user, the key includes the link id, so no list outlives the
 * link it was read with.
 */
export function cacheKeyOf(links: Links, userId: string): string {
  const link = links.find(userId)
  return link === undefined ? userId : keyOfLink(link)
}

/** The key for the list read with a link. */
export function keyOfLink({ linkId, userId }: LinkName): string {
  return linkId + SEPARATOR + userId
}

/** Splits a cache key into link and user; `linkId` is undefined for a user without a link. */
export function partsOf(key: string): { linkId: string | undefined; userId: string } {
  const at = key.indexOf(SEPARATOR)
  if (at === -1) return { linkId: undefined, userId: key }
  return { linkId: key.slice(0, at), userId: key.slice(at + 1) }
}

/** Whether a list with this key may be served: it was read without a link, or the link has not ended. */
export function isServable(links: Links, key: string): boolean {
  const { linkId, userId } = partsOf(key)
  if (linkId === undefined) return true
  const link = links.find(userId)
  return link !== undefined && liveRecord(link)?.linkId === linkId
}

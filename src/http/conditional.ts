import type { IncomingHttpHeaders } from 'node:http'
import { httpDate } from '../lib/http-date.ts'

/**
 * Whether a GET or HEAD is answered with 304 (RFC 9110 13.2.2): the caller already has this very
 * representation. Tags are compared weakly; the date counts only where no tag is given. `modifiedAt` is
 * when the content last changed, epoch ms; undefined when that is not known.
 */
export function isNotModified(
  headers: IncomingHttpHeaders,
  etag: string,
  modifiedAt: number | undefined,
): boolean {
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined) {
    // No tag has a quote within (RFC 9110 8.8.3), so that the text of ours can only be the tag itself.
    return ifNoneMatch.includes(etag) || ifNoneMatch.trim() === '*'
  }
  if (modifiedAt === undefined) return false
  const since = httpDate(headers['if-modified-since'] ?? '')
  // The date that was given has no fractions of a second.
  return since !== undefined && Math.floor(modifiedAt / 1000) * 1000 <= since
}

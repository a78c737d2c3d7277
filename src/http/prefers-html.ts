import Negotiator from 'negotiator'
import { checkFieldSize } from './validation.ts'

/**
 * Whether to send a page as HTML: browsers name it in `Accept`. All other clients get the alternative
 * with this media type, also if they accept anything.
 *
 * @throws {Problem} `headers-too-large`
 */
export function prefersHtml(accept: string | undefined, alternative = 'text/markdown'): boolean {
  if (accept === undefined) return false
  checkFieldSize('Accept', accept)
  const negotiator = new Negotiator({ headers: { accept: accept.toLowerCase() } })
  return negotiator.mediaType([alternative, 'text/html']) === 'text/html'
}

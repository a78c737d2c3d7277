import Negotiator from 'negotiator'
import { checkFieldSize, isTooLarge } from './validation.ts'

/**
 * Whether to send a page as HTML: browsers name it in `Accept`. All other clients get one of the
 * alternatives, also if they accept anything.
 *
 * @throws {Problem} `headers-too-large`
 */
export function prefersHtml(
  accept: string | undefined,
  alternatives: readonly string[] = ['text/markdown'],
): boolean {
  if (accept === undefined) return false
  checkFieldSize('Accept', accept)
  if (!/text\/html/i.test(accept)) return false
  const negotiator = new Negotiator({ headers: { accept: accept.toLowerCase() } })
  return negotiator.mediaType([...alternatives, 'text/html']) === 'text/html'
}

/** Whether the response to this request, if it is a problem, is a page: for browsers and `?format=html`. */
export function prefersPage(url: string, accept: string | undefined): boolean {
  if (/[?&]format=html(?:&|$)/.test(url)) return true
  if (accept === undefined || isTooLarge(accept)) return false
  return prefersHtml(accept, ['application/problem+json', 'application/json'])
}

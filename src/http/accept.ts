import type { FastifyReply } from 'fastify'
import Negotiator from 'negotiator'
import { checkFieldSize, isTooLarge } from './validation.ts'

/**
 * Returns the media type preferred by an `Accept` field (RFC 9110 12.5.1): the first if several are equally
 * preferred, undefined if the field excludes them all.
 */
export function bestMediaType<Type extends string>(
  accept: string,
  offers: readonly Type[],
): Type | undefined {
  const negotiator = new Negotiator({ headers: { accept: accept.toLowerCase() } })
  return negotiator.mediaType([...offers]) as Type | undefined
}

/**
 * Whether to send a page as HTML: browsers name `text/html` in `Accept`. Other clients get an alternative, even
 * if they accept any media type.
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
  return bestMediaType(accept, [...alternatives, 'text/html']) === 'text/html'
}

/** Whether to send a problem as a page: for browsers and `?format=html`. */
export function prefersPage(url: string, accept: string | undefined): boolean {
  if (/[?&]format=html(?:&|$)/.test(url)) return true
  if (accept === undefined || isTooLarge(accept)) return false
  return prefersHtml(accept, ['application/problem+json', 'application/json'])
}

/** Adds `Accept` to the response's `Vary` field (RFC 9110 12.5.5), keeping what CORS has set there. */
export function varyByAccept(reply: FastifyReply): void {
  reply.header('vary', [reply.getHeader('vary') ?? [], 'Accept'].flat().join(', '))
}

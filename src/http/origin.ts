import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { Problem } from '../problems/problem.ts'

/** A name or address and an optional port (RFC 3986 3.2), without user information. */
const AUTHORITY = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})+)(?::(?<port>\d*))?$/i
const MAX_PORT = 65_535
/** The maximum DNS name length (RFC 1035 2.3.4). */
const MAX_LENGTH = 255

/** The start of an absolute-form target (RFC 9112 3.2.2): scheme, authority, slash. */
const ABSOLUTE_FORM = /^(https?):\/\/([^/?#]*)\/?/i

/** A cache with one entry, since most requests have the same host. */
let lastValidHost = ''

/** Strips from the request target the origin that clients send to a proxy. */
export function originForm({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  return url.startsWith('/') ? url : url.replace(ABSOLUTE_FORM, '/')
}

/**
 * Refuses a request with a missing or malformed host in the Host field (RFC 9112 3.2) or in the target (RFC
 * 9110 4.2), because links and cache keys contain the host.
 *
 * @throws {Problem} `bad-request`
 */
export function checkHost({ headers: { host }, originalUrl, raw }: FastifyRequest): void {
  if (host === undefined && raw.httpVersion !== '1.0') {
    throw new Problem('bad-request', 'Header "Host" is missing.')
  }
  // The field is empty if the target has no host.
  if (host && host !== lastValidHost) {
    checkAuthority(host, 'Header "Host"')
    lastValidHost = host
  }
  const target = absoluteForm(originalUrl)
  if (target !== undefined) checkAuthority(target.authority, 'The host in the request target')
}

/**
 * Returns the request's scheme and authority, for links to this service: from an absolute-form target (RFC 9112
 * 3.2.2), else from the Host field. We do not trust `X-Forwarded-Host`, since many proxies forward it from the
 * client. Without a host (HTTP/1.0) the origin is empty, so links are relative. The scheme is http or https;
 * any other scheme from a trusted proxy counts as http.
 */
export function originOf({ protocol, headers, originalUrl }: FastifyRequest): string {
  const target = absoluteForm(originalUrl)
  const authority = target?.authority ?? headers.host
  const scheme = isHttps(protocol) || isHttps(target?.scheme) ? 'https' : 'http'
  return authority ? `${scheme}://${authority}` : ''
}

function checkAuthority(authority: string, place: string): void {
  if (authority.length > MAX_LENGTH) {
    throw new Problem('bad-request', `${place} has more than ${MAX_LENGTH} characters.`)
  }
  const parts = AUTHORITY.exec(authority)
  if (parts === null || Number(parts.groups?.port ?? 0) > MAX_PORT) {
    throw new Problem('bad-request', `${place} is not a name or address, with or without a port.`)
  }
}

function absoluteForm(target: string): { scheme: string; authority: string } | undefined {
  if (target.startsWith('/')) return undefined
  const [, scheme, authority] = ABSOLUTE_FORM.exec(target) ?? []
  return scheme === undefined ? undefined : { scheme, authority: authority as string }
}

function isHttps(scheme: string | undefined): boolean {
  return scheme?.toLowerCase() === 'https'
}

/**
 * Returns the `PUBLIC_URL` path, which a proxy in front of this service adds: empty, or with a leading and no
 * trailing slash.
 */
export function basePathOf(publicUrl: string | undefined): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '')
}

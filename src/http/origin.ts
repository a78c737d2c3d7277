import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import { Problem } from '../problems/problem.ts'

/** A name or address, and maybe a port (RFC 3986 3.2), without user name and password. */
const AUTHORITY = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})+)(?::(?<port>\d*))?$/i
const MAX_PORT = 65_535
/** No name in DNS is longer (RFC 1035 2.3.4). */
const MAX_LENGTH = 255

/** The beginning of a target in absolute form (RFC 9112 3.2.2): scheme, authority, slash. */
const ABSOLUTE_FORM = /^(https?):\/\/([^/?#]*)\/?/i

/** Most requests name the same one. */
let lastRight = ''

/** A target in absolute form, as clients send it to a proxy, without its origin. */
export function originForm({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  return url.startsWith('/') ? url : url.replace(ABSOLUTE_FORM, '/')
}

/**
 * Refuses a request whose host is missing or malformed, in the Host field (RFC 9112 3.2) or in its
 * target (RFC 9110 4.2): links and the names of kept representations repeat it.
 *
 * @throws {Problem} `bad-request`
 */
export function checkHost({ headers: { host }, originalUrl, raw }: FastifyRequest): void {
  if (host === undefined && raw.httpVersion !== '1.0') {
    throw new Problem('bad-request', 'Header "Host" is missing.')
  }
  // Empty is what a client sends whose target has no host.
  if (host && host !== lastRight) {
    checkAuthority(host, 'Header "Host"')
    lastRight = host
  }
  const target = absoluteForm(originalUrl)
  if (target !== undefined) checkAuthority(target.authority, 'The host in the request target')
}

/**
 * Scheme and authority that the caller used, for links back to this service: those of a target in
 * absolute form (RFC 9112 3.2.2), else of the Host field. `X-Forwarded-Host` is not believed, since
 * many proxies pass on what their client made up. Without a host (HTTP/1.0) it is empty: links are
 * then relative, which still name this service. Of schemes that a trusted proxy names only http and
 * https count, else the connection's own.
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
 * The path that a proxy in front of this service adds, as `PUBLIC_URL` names it: empty, or with a
 * slash at its beginning and none at its end.
 */
export function basePathOf(publicUrl: string | undefined): string {
  return publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '')
}

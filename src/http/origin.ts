import type { FastifyRequest } from 'fastify'
import { Problem } from '../problems.ts'

/** An authority: name or address, and maybe a port (RFC 3986 3.2). Empty where a client has none. */
const AUTHORITY = /^(?:\[[\da-f:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(?::(?<port>\d*))?$/i
const MAX_PORT = 65_535

/** Most requests name the same one. */
let lastRight = ''

/**
 * Refuses a request that does not say rightly for whom it is: RFC 9112 3.2 asks for it, and what it
 * names goes into links.
 *
 * @throws {Problem} `bad-request`
 */
export function checkHost({ host, headers, raw }: FastifyRequest): void {
  if (headers.host !== undefined && host === lastRight) return
  if (headers.host === undefined && raw.httpVersion !== '1.0') {
    throw new Problem('bad-request', 'Header "Host" is missing.')
  }
  const authority = AUTHORITY.exec(host)
  if (authority === null || Number(authority.groups?.port ?? 0) > MAX_PORT) {
    throw new Problem('bad-request', 'Header "Host": this is not a name or address with a port.')
  }
  lastRight = host
}

/**
 * Scheme and authority that the caller used, for links back to this service. Without a `Host`
 * field (HTTP/1.0) it is empty: links are then relative, which still name this service. A proxy that
 * names any scheme but http and https passes on what its client made up: the connection's own counts.
 */
export function originOf({ protocol, host }: FastifyRequest): string {
  const scheme = protocol.toLowerCase() === 'https' ? 'https' : 'http'
  return host ? `${scheme}://${host}` : ''
}

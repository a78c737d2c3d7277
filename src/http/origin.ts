import type { FastifyRequest } from 'fastify'

/**
 * Scheme and authority that the caller used, for links back to this service. Without a `Host`
 * field (HTTP/1.0) it is empty: links are then relative, which still name this service.
 */
export function originOf({ protocol, host }: FastifyRequest): string {
  return host ? `${protocol}://${host}` : ''
}

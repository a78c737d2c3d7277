import type { FastifyReply } from 'fastify'

/** Adds `Accept` to the request fields that select a response (RFC 9110 12.5.5), such as those of CORS. */
export function varyByAccept(reply: FastifyReply): void {
  reply.header('vary', [reply.getHeader('vary') ?? [], 'Accept'].flat().join(', '))
}

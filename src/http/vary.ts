import type { FastifyReply } from 'fastify'

/** Adds `Accept` to the `Vary` field of a response (RFC 9110 12.5.5), and keeps what CORS has set there. */
export function varyByAccept(reply: FastifyReply): void {
  reply.header('vary', [reply.getHeader('vary') ?? [], 'Accept'].flat().join(', '))
}

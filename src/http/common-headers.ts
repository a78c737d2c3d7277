import type { FastifyReply, FastifyRequest } from 'fastify'

/** The headers of every answer: the id that finds it in the log, and no guessing of media types. */
export function setCommonHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff')
}

import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * The fields of every answer, flat (name, value, name, …): the id that finds it in the log, and no
 * guessing of media types.
 */
export function commonFields({ id }: FastifyRequest): string[] {
  return ['x-request-id', id, 'x-content-type-options', 'nosniff']
}

/** Sets flat fields on a reply that Fastify sends. */
export function setFields(reply: FastifyReply, fields: readonly string[]): void {
  for (let at = 0; at < fields.length; at += 2) reply.header(fields[at] as string, fields[at + 1])
}

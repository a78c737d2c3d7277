import type { FastifyReply, FastifyRequest } from 'fastify'
import { contextOf } from './request-context.ts'

/**
 * The fields of every answer to this request, flat (name, value, name, …): the id that finds it in
 * the log, no guessing of media types, and what the caller may still ask where there is a limit.
 */
export function commonFields(request: FastifyRequest): string[] {
  const fields = ['x-request-id', request.id, 'x-content-type-options', 'nosniff']
  const { rateLimitFields } = contextOf(request)
  return rateLimitFields === undefined ? fields : [...fields, ...rateLimitFields]
}

/** Sets flat fields on a reply that Fastify sends. */
export function setFields(reply: FastifyReply, fields: readonly string[]): void {
  for (let at = 0; at < fields.length; at += 2) reply.header(fields[at] as string, fields[at + 1])
}

import type { FastifyReply } from 'fastify'
import type { Representation } from '../representation.ts'
import { isNotModified } from './conditional.ts'

/**
 * Answers with a representation, without joining or copying its parts, or with 304 when the caller
 * has it. `fields` (name, value, name, …) and the fields set on the reply so far go out too. For
 * HEAD the body is left out.
 */
export function sendRepresentation(
  reply: FastifyReply,
  representation: Representation,
  fields: readonly string[],
): void {
  const { raw, request } = reply
  const head = [...representation.validators, ...fields]
  for (const [name, value] of Object.entries(reply.getHeaders())) head.push(name, String(value))
  reply.hijack()
  if (isNotModified(request.headers, representation)) {
    raw.writeHead(304, head).end()
    return
  }
  raw.writeHead(200, [...head, ...representation.contentFields])
  if (request.method !== 'HEAD') {
    raw.cork()
    for (const part of representation.parts) raw.write(part)
    raw.uncork()
  }
  raw.end()
}

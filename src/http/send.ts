import type { FastifyReply } from 'fastify'

/**
 * Answers 200 with a body of several Buffers, without joining or copying them. The headers set on
 * the reply so far go out too. For HEAD the body is left out.
 */
export function sendBuffers(
  reply: FastifyReply,
  headers: Record<string, string>,
  body: readonly Buffer[],
): void {
  const { raw, request } = reply
  const length = body.reduce((sum, part) => sum + part.length, 0)
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value)
  }
  raw.writeHead(200, { ...headers, 'content-length': length })
  if (request.method !== 'HEAD') {
    raw.cork()
    for (const part of body) raw.write(part)
    raw.uncork()
  }
  raw.end()
}

import type { IncomingMessage } from 'node:http'

/** Far above any valid form or control request. */
const MAX_BYTES = 16_384

/**
 * Reads a request body as UTF-8. Undefined if the body is too large or the client disconnects. Reads even an
 * oversized body to the end; otherwise the client would get a reset.
 */
export async function readBody(req: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of req) {
      bytes += chunk.length
      if (bytes <= MAX_BYTES) chunks.push(chunk)
    }
  } catch {
    return undefined
  }
  return bytes <= MAX_BYTES ? Buffer.concat(chunks).toString() : undefined
}

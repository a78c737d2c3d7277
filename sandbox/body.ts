import type { IncomingMessage } from 'node:http'

/** Far above any honest form or control message. */
const MAX_BYTES = 16_384

/**
 * Reads a request's body as UTF-8. Undefined when it is too large or the client went away. What
 * is too large is still read to its end, or the client would meet a reset instead of the answer.
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

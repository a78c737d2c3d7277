import { gunzipped } from '../lib/gunzip.ts'
import { badResponse, codeOf, tooLarge } from './transport-problems.ts'

/** `x-gzip` is an old name for gzip (RFC 9110 8.4.1.3). */
const GZIP = new Set(['gzip', 'x-gzip'])
const BYTE_ORDER_MARK = 0xfeff

/**
 * Decodes a response body, with the content coding gzip or none, and removes a byte order mark (RFC 8259 8.1).
 *
 * @throws {Problem} `spotify-bad-response` if the body has more than `maxBytes`, is truncated, or has
 * another coding.
 */
export async function responseText(
  body: Uint8Array,
  contentEncoding: string | string[] | undefined,
  maxBytes: number,
): Promise<string> {
  const bytes = await decoded(body, codingOf(contentEncoding), maxBytes)
  const text = bytes.toString()
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
}

/** The coding in the field: empty for none and `identity`, comma-separated if there are several. */
function codingOf(field: string | string[] = ''): string {
  const codings = String(field)
    .toLowerCase()
    .split(',')
    .map(coding => coding.trim())
  return codings.filter(coding => coding !== '' && coding !== 'identity').join()
}

async function decoded(body: Uint8Array, coding: string, maxBytes: number): Promise<Buffer> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length)
  // Some servers send a coding even for a response without a body.
  if (coding === '' || bytes.length === 0) return bytes
  if (!GZIP.has(coding)) {
    throw badResponse('Spotify used a content coding that the service does not accept.')
  }
  try {
    return await gunzipped(bytes, maxBytes)
  } catch (cause) {
    if (codeOf(cause) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(cause)
    throw badResponse('The response of Spotify is truncated.', { cause, transient: true })
  }
}

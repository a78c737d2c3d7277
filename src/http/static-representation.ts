import { hash } from 'node:crypto'
import type { Representation } from '../playlists/representation.ts'

export interface StaticOptions {
  contentType: string
  /** The request fields that the choice of it depends on (RFC 9110 12.5.5). */
  vary?: string
  /** `Content-Security-Policy`, for what a browser shows. */
  policy?: string
}

/** A text that stays the same as long as the process lives. Callers check with its tag each time. */
export function staticRepresentation(text: string, options: StaticOptions): Representation {
  const { contentType, vary, policy } = options
  const body = Buffer.from(text)
  const etag = `"${hash('sha256', `${contentType} ${text}`, 'base64url').slice(0, 27)}"`
  const validators = ['etag', etag, 'cache-control', 'no-cache']
  if (vary !== undefined) validators.push('vary', vary)
  const contentFields = ['content-type', contentType, 'content-length', String(body.length)]
  if (policy !== undefined) contentFields.push('content-security-policy', policy)
  const { length: bytes } = body
  return { parts: [body], bytes, etag, validators, contentFields, heldBytes: bytes }
}

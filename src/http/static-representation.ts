import { hash } from 'node:crypto'
import type { Representation } from '../playlists/representation.ts'

export interface StaticOptions {
  contentType: string
  /** The request fields that select it (RFC 9110 12.5.5). */
  vary?: string
  /** `Content-Security-Policy` of a page. */
  policy?: string
}

/** A text that never changes while the process runs. Clients revalidate it by its entity tag. */
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

import { hash } from 'node:crypto'
import type { Representation } from '../playlists/representation.ts'

export interface StaticOptions {
  contentType: string
  /** The request fields that select the representation (RFC 9110 12.5.5). */
  vary?: string
  /** The value of `Cache-Control`; by default, clients revalidate the text each time. */
  cacheControl?: string
  /** Further header fields for responses with a body, flat. */
  fields?: readonly string[]
}

/** Represents a text that never changes while the process runs. The entity tag is a digest of type and text. */
export function staticRepresentation(text: string, options: StaticOptions): Representation {
  const { contentType, vary, cacheControl = 'no-cache', fields = [] } = options
  const body = Buffer.from(text)
  const etag = `"${hash('sha256', `${contentType} ${text}`, 'base64url').slice(0, 27)}"`
  const validators = ['etag', etag, 'cache-control', cacheControl]
  if (vary !== undefined) validators.push('vary', vary)
  const { length: bytes } = body
  const contentFields = ['content-type', contentType, 'content-length', String(bytes), ...fields]
  return { parts: [body], bytes, etag, validators, contentFields, heldBytes: bytes }
}

/** Returns a function that makes the value on the first call: few processes ever send all the pages. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

import type { Sized } from '../cache/memory-store.ts'

/**
 * A list in one format, window and content coding, ready to be sent. Only what depends on the
 * moment, such as its age, is added for each answer. Header fields are flat: name, value, name, …
 */
export interface Representation extends Sized {
  /** The body, one after the other. */
  readonly parts: readonly Buffer[]
  /** Of all parts together. */
  readonly bytes: number
  /** Strong entity tag (RFC 9110 8.8.3), quotes included. */
  readonly etag: string
  /** When the content last changed, epoch ms. */
  readonly modifiedAt: number
  /** Fields that go with a 200 and a 304 alike (RFC 9110 15.4.5). */
  readonly validators: readonly string[]
  /** Fields that go with the body. */
  readonly contentFields: readonly string[]
}

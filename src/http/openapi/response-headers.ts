import { type TSchema, Type } from 'typebox'

/**
 * A field that is sent only where it has something to say; all others are sent with every such
 * answer. The mark becomes the `required` of the header in openapi.yaml.
 */
export function sometimes(schema: TSchema): TSchema {
  return { ...schema, required: false }
}

/** Fields of every answer. */
export const commonHeaders = {
  'X-Request-Id': Type.String({
    description: 'Finds this answer in the log: the one that was sent along, or a new one.',
  }),
  'X-Content-Type-Options': Type.Literal('nosniff', { description: 'The media type is right.' }),
}

/** The field of what is true only at this moment. */
export const noStore = {
  'Cache-Control': Type.Literal('no-store', { description: 'It is true only now.' }),
}

/** Fields of every answer that the cache had a part in. */
export const cacheHeaders = {
  'Cache-Status': Type.String({
    description:
      'How the cache came to this answer (RFC 9211): `hit` or `fwd` (`uri-miss`, `stale`, `request`), `fwd-status`, `stored`, `collapsed`, `ttl` in seconds, negative when stale, and as `detail` the type of the problem that kept Spotify from answering.',
  }),
}

/** Fields of every answer out of the cache. */
export const storedHeaders = {
  ...cacheHeaders,
  Age: Type.Integer({ minimum: 0, description: 'Seconds since Spotify gave this (RFC 9111 5.1).' }),
  'Cache-Control': Type.String({
    description:
      'The whole lifetime (RFC 9111 5.2.2, RFC 5861): subtract `Age` for what is left of it.',
  }),
}

/** The entity tag of a representation. */
export const etag = Type.String({
  pattern: '^"[\\w-]+"$',
  description:
    'Strong; equal as long as every byte is, also on another replica and after a restart.',
})

/** Fields of a list, with or without its body. */
export const validatorHeaders = {
  ...commonHeaders,
  ...storedHeaders,
  ETag: etag,
  Vary: Type.String({ description: 'The request fields that this choice depends on.' }),
}

/** Fields of a list with its body. */
export const listHeaders = {
  ...validatorHeaders,
  'Content-Encoding': sometimes(
    Type.String({
      pattern: '^(gzip|br)$',
      description:
        'Absent on short answers and, whatever `Accept-Encoding` says, while the service has no room or no time to compress this one.',
    }),
  ),
  'Last-Modified': Type.String({ description: 'When the list last changed, as far as is known.' }),
}

/** The name of what is saved instead of shown. */
export const contentDisposition = {
  'Content-Disposition': sometimes(
    Type.String({ description: 'Names the file in which CSV and NDJSON are saved (RFC 6266).' }),
  ),
}

/** Where an empty list is explained. */
export const helpHeader = {
  Link: sometimes(
    Type.String({
      pattern: '^<[^>]+>; rel="help"$',
      description: 'Only of an empty list: the page that says why it may be empty (RFC 8288).',
    }),
  ),
}

/** When to ask again. */
export const retryAfter = {
  'Retry-After': sometimes(
    Type.Integer({
      minimum: 1,
      description: 'Seconds after which asking again may help, where that is known.',
    }),
  ),
}

/** What a caller without a known key is told. */
export const challenge = {
  'WWW-Authenticate': Type.String({
    description: 'RFC 6750 3, with `error="invalid_token"` when a key was sent.',
  }),
}

/** How much a caller may still ask; sent where the operator has set a limit. */
export const rateLimitHeaders = {
  'RateLimit-Policy': sometimes(
    Type.String({
      pattern: '^"caller";q=\\d+;w=60$',
      description:
        'Requests (`q`) that a caller has in `w` seconds, where there is a limit (draft-ietf-httpapi-ratelimit-headers-10).',
    }),
  ),
  RateLimit: sometimes(
    Type.String({
      pattern: '^"caller";r=\\d+;t=\\d+$',
      description:
        'Requests left (`r`), and in how many seconds (`t`) there are all of them again.',
    }),
  ),
}

/** Fields of what stays the same as long as the process lives. */
export const staticHeaders = {
  ...commonHeaders,
  ...rateLimitHeaders,
  ETag: etag,
  'Cache-Control': Type.Literal('no-cache', { description: 'Check with the `ETag` each time.' }),
}

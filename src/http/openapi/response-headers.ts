import { type TSchema, Type } from 'typebox'

/**
 * Marks a header field that only some responses with this status have. In openapi.yaml, the field is then
 * not required.
 */
export function sometimes(schema: TSchema): TSchema {
  return { ...schema, required: false }
}

/** Fields of every response. */
export const commonHeaders = {
  'X-Request-Id': Type.String({
    description:
      'Identifies this response in the log: the id that the request has in this field, or a new id.',
  }),
  'X-Content-Type-Options': Type.Literal('nosniff', {
    description: 'Clients must not guess another media type.',
  }),
}

/** The field of responses that no cache may store. */
export const noStore = {
  'Cache-Control': Type.Literal('no-store', { description: 'Do not cache this response.' }),
}

/** The field of responses whose own address, or an address in their body, is secret. */
export const noReferrer = {
  'Referrer-Policy': Type.Literal('no-referrer', {
    description: 'Other sites learn no address from this response.',
  }),
}

/** Fields of every response to a lookup. */
export const cacheHeaders = {
  'Cache-Status': Type.String({
    description:
      'How the cache handled this request (RFC 9211): `hit` or `fwd` (`uri-miss`, `stale`, `request`), `fwd-status`, `stored`, `collapsed`, `ttl` in seconds, negative when stale, and in `detail` the type of the problem with Spotify, if any.',
  }),
}

/** Fields of every response from the cache. */
export const storedHeaders = {
  ...cacheHeaders,
  Age: Type.Integer({
    minimum: 0,
    description: 'Seconds since the fetch from Spotify (RFC 9111 5.1).',
  }),
  'Cache-Control': Type.String({
    description:
      'The whole lifetime (RFC 9111 5.2.2, RFC 5861), of which `Age` seconds have passed.',
  }),
}

/** The entity tag of a representation. */
export const etag = Type.String({
  pattern: '^"[\\w-]+"$',
  description:
    'A strong entity tag: the same for the same bytes, also on another replica and after a restart.',
})

/** Fields of a list, with or without its body. */
export const validatorHeaders = {
  ...commonHeaders,
  ...storedHeaders,
  ETag: etag,
  Vary: Type.String({ description: 'The request fields that select this representation.' }),
}

/** Fields of a list with its body. */
export const listHeaders = {
  ...validatorHeaders,
  'Content-Encoding': sometimes(
    Type.String({
      pattern: '^(gzip|br)$',
      description:
        'Absent if the body is short or, whatever `Accept-Encoding` says, while the service is too busy to compress it.',
    }),
  ),
  'Last-Modified': sometimes(
    Type.String({
      description:
        'When the service first saw this version of the list; absent from HTML, which also changes with the age of the list.',
    }),
  ),
}

/** The field with the file name of a download. */
export const contentDisposition = {
  'Content-Disposition': sometimes(
    Type.String({ description: 'The file name for CSV and NDJSON (RFC 6266).' }),
  ),
}

/** The field of a resource that is a page for browsers and has another format for all other clients. */
export const varyAccept = {
  Vary: Type.Literal('Accept', { description: 'HTML if `Accept` prefers it.' }),
}

/** Fields of HTML pages. */
export const pageHeaders = {
  'Content-Security-Policy': sometimes(
    Type.String({ description: 'Only for HTML: what the page may load, which is no script.' }),
  ),
  'Referrer-Policy': sometimes(
    Type.Literal('no-referrer', {
      description: 'Only for HTML: other sites do not learn which page linked to them.',
    }),
  ),
}

/** The field with the link to the explanation of an empty list. */
export const helpHeader = {
  Link: sometimes(
    Type.String({
      pattern: '^<[^>]+>; rel="help"$',
      description: 'Only for an empty list: a page that explains why it may be empty (RFC 8288).',
    }),
  ),
}

/** The field that says when to retry. */
export const retryAfter = {
  'Retry-After': sometimes(
    Type.Integer({
      minimum: 1,
      description: 'Seconds after which a retry may succeed, if known.',
    }),
  ),
}

/** The challenge for a caller without a known key. */
export const challenge = {
  'WWW-Authenticate': Type.String({
    description: 'RFC 6750 3, with `error="invalid_token"` if the request has a key.',
  }),
}

/** The limit of the caller and its remaining requests, if the operator has set a limit. */
export const rateLimitHeaders = {
  'RateLimit-Policy': sometimes(
    Type.String({
      pattern: '^"caller";q=\\d+;w=60$',
      description:
        'The requests (`q`) that a caller may send in `w` seconds, if limited (draft-ietf-httpapi-ratelimit-headers-10).',
    }),
  ),
  RateLimit: sometimes(
    Type.String({
      pattern: '^"caller";r=\\d+;t=\\d+$',
      description: 'The remaining requests (`r`), and the seconds until the limit resets (`t`).',
    }),
  ),
}

/** Fields of responses that never change while the process runs. */
export const staticHeaders = {
  ...commonHeaders,
  ...rateLimitHeaders,
  ETag: etag,
  'Cache-Control': Type.Literal('no-cache', { description: 'Revalidate by `ETag` each time.' }),
}

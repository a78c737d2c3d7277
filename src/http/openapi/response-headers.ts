import { type TSchema, Type } from 'typebox'

/** Marks a header field that only some responses with this status have: openapi.yaml does not require it. */
export function sometimes(schema: TSchema): TSchema {
  return { ...schema, required: false }
}

/** Fields sent with every response. */
export const commonHeaders = {
  'X-Request-Id': Type.String({
    description:
      'Identifies this response in the log: the id from this field in the request, or a new id.',
  }),
  'X-Content-Type-Options': Type.Literal('nosniff', {
    description: 'Clients must not guess another media type.',
  }),
}

/** The field for responses that no cache may store. */
export const noStore = {
  'Cache-Control': Type.Literal('no-store', { description: 'Do not cache this response.' }),
}

/** The field for responses with a secret address: either their own or one in the body. */
export const noReferrer = {
  'Referrer-Policy': Type.Literal('no-referrer', {
    description: 'Other sites learn no address from this response.',
  }),
}

/** Fields sent with every response to a lookup. */
export const cacheHeaders = {
  'Cache-Status': Type.String({
    description:
      'How the cache handled this request (RFC 9211): `hit` or `fwd` (`uri-miss`, `stale`, `request`), `fwd-status`, `stored`, `collapsed`, `ttl` in seconds, negative when stale, and in `detail` the Spotify problem type, if any.',
  }),
}

/** Fields sent with every response from the cache. */
export const storedHeaders = {
  ...cacheHeaders,
  Age: Type.Integer({
    minimum: 0,
    description: 'Seconds since the fetch from Spotify (RFC 9111 5.1).',
  }),
  'Cache-Control': Type.String({
    description: 'The full lifetime (RFC 9111 5.2.2, RFC 5861); `Age` seconds have already passed.',
  }),
}

/** A representation's entity tag. */
export const etag = Type.String({
  pattern: '^"[\\w-]+"$',
  description:
    'A strong entity tag: the same for the same bytes, even on another replica and after a restart.',
})

/** Fields for a list, with or without a body. */
export const validatorHeaders = {
  ...commonHeaders,
  ...storedHeaders,
  ETag: etag,
  Vary: Type.String({ description: 'The request fields that select this representation.' }),
}

/** Fields for a list with a body. */
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
        'When the service first saw this version of the list; absent from HTML, which also changes as the list ages.',
    }),
  ),
}

/** The field with the download file name. */
export const contentDisposition = {
  'Content-Disposition': sometimes(
    Type.String({ description: 'The file name for CSV and NDJSON (RFC 6266).' }),
  ),
}

/** The field for a resource sent as a page to browsers and in another format to all other clients. */
export const varyAccept = {
  Vary: Type.Literal('Accept', { description: 'HTML if `Accept` prefers it.' }),
}

/** Fields for HTML pages. */
export const pageHeaders = {
  'Content-Security-Policy': sometimes(
    Type.String({ description: 'Only for HTML: what the page may load. Scripts are not allowed.' }),
  ),
  'Referrer-Policy': sometimes(
    Type.Literal('no-referrer', {
      description: 'Only for HTML: other sites do not learn which page linked to them.',
    }),
  ),
}

/** The field that links to the explanation for an empty list. */
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
      description: 'Seconds after which a retry might succeed, if known.',
    }),
  ),
}

/** The challenge for a caller without a known key. */
export const challenge = {
  'WWW-Authenticate': Type.String({
    description: 'RFC 6750 3, with `error="invalid_token"` if the request has a key.',
  }),
}

/** The caller limit and the remaining requests, if the operator has set a limit. */
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

/** Fields for responses that never change while the process runs. */
export const staticHeaders = {
  ...commonHeaders,
  ...rateLimitHeaders,
  ETag: etag,
  'Cache-Control': Type.Literal('no-cache', { description: 'Revalidate by `ETag` each time.' }),
}

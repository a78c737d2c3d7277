import { Type } from 'typebox'

/** The longest delay for a Node timer. */
export const MAX_TIMER_MS = 2 ** 31 - 1
/**
 * The longest time to store a list: image links expire within a day, and Spotify's terms allow only
 * temporary caching.
 */
export const MAX_STORED_SECONDS = 86_400

/** Whole seconds, at most a day. */
export const seconds = (fallback: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: MAX_STORED_SECONDS, default: fallback, description })

/** Whole milliseconds, up to the longest timer delay. */
export const milliseconds = (fallback: number, description: string, $comment?: string) =>
  Type.Integer({
    minimum: 1,
    maximum: MAX_TIMER_MS,
    default: fallback,
    description,
    ...($comment === undefined ? {} : { $comment }),
  })

/** An http(s) URL without user, query or fragment. */
export const url = (description: string, options: { default?: string; $comment?: string } = {}) =>
  Type.String({ pattern: '^https?://[^/?#@\\s]+(?:/[^?#\\s]*)?$', description, ...options })

/** A forward proxy URL, if there is one. */
export const proxyUrl = (targets: string) =>
  Type.Optional(
    Type.String({
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^/?#\\s]+/?$',
      description: `http(s) URL of the proxy for ${targets}, with percent-encoded user and password if it needs them`,
    }),
  )

/**
 * Characters that quotes and templates leave in a credential. Spotify issues only letters and digits,
 * although RFC 6749 appendix A allows all printable characters.
 */
export const MARKS = '"\'`<>{}()[\\]$'

/** Returns the pattern for a client id or secret. `excluded` goes into a character class. */
export const credentialWithout = (excluded: string) => `^(?!.*[${excluded}])[\\x21-\\x7e]+$`

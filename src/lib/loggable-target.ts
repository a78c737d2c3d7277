const MAX_LENGTH = 256

/** Scheme and authority. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/]*/i

/** The start of a query, query parameter, fragment or path parameter, percent-encoded any number of times. */
const DELIMITER = /[?&#;]|%(?:25)*(?:3f|26|23|3b)/i

const SLASH = '(?:[/\\\\]|%(?:25)*(?:2f|5c))'
const AT_SIGN = '(?:@|%(?:25)*40)'
/** User name and password of a URL in the path. */
const USER_INFO = new RegExp(`(?<=${SLASH}{2})(?:(?!${SLASH}).)*${AT_SIGN}`, 'gi')

/** The sealed address of an account's owner, which lets anybody who has it link or unlink that account. */
const SEALED = /(?<=\/link\/)[^/]{64,}/gi

/** The query parameters of the routes. Any other one may be a secret. */
const KNOWN_PARAMETER = /^(?:limit|offset|format)=[\w.+-]{0,16}$/

/**
 * The path of a request target (RFC 9112 3.2) without any part that may contain a key: authority, query,
 * fragment, path parameters, sealed addresses. It begins with a single slash, so it names no host as a
 * relative reference (RFC 3986 4.2), and has at most 256 printable ASCII characters.
 */
export function loggablePath(target: string): string {
  const [plain = ''] = target.replace(/[^!-~]/g, '').split(DELIMITER, 1)
  const path = plain.replace(ORIGIN, '').replace(USER_INFO, '').replace(SEALED, '{token}')
  return path.startsWith('/') ? shortened(path.replace(/^[/\\]+/, '/')) : '/'
}

/** The loggable path of a request target, with known query parameters such as `limit=50`. */
export function loggableTarget(target: string): string {
  const [, ...query] = target.split(/[?&]/)
  const known = query.filter(part => KNOWN_PARAMETER.test(part))
  const path = loggablePath(target)
  return known.length > 0 ? shortened(`${path}?${known.join('&')}`) : path
}

/** A user id without a parameter such as `;key=…`, or the user id in a cache key with a link. */
export function loggableUserId(userId: string): string {
  return userId.replace(/[?&#;][^?&#;]*=.*/s, '').replace(/^.*\//s, '')
}

/** The text, or its first 256 characters without a truncated percent-escape. */
function shortened(text: string): string {
  return text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH).replace(/%.?$/, '') : text
}

const MAX_LENGTH = 256

/** Scheme and authority. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/]*/i

/** The start of a query, query parameter, fragment or path parameter, with any level of percent-encoding. */
const DELIMITER = /[?&#;]|%(?:25)*(?:3f|26|23|3b)/i

const SLASH = '(?:[/\\\\]|%(?:25)*(?:2f|5c))'
const AT_SIGN = '(?:@|%(?:25)*40)'
/** User name and password in a URL within the path. */
const USER_INFO = new RegExp(`(?<=${SLASH}{2})(?:(?!${SLASH}).)*${AT_SIGN}`, 'gi')

/** An account owner's sealed address. Anybody who has it can link or unlink that account. */
const SEALED = /(?<=\/link\/)[^/]{64,}/gi

/** Query parameters used by the routes. Any other parameter might be a secret. */
const KNOWN_PARAMETER = /^(?:limit|offset|format)=[\w.+-]{0,16}$/

/**
 * Returns the path in a request target (RFC 9112 3.2) without any part that might contain a key: authority,
 * query, fragment, path parameters, sealed addresses. The path begins with a single slash, so as a relative
 * reference (RFC 3986 4.2) it names no host, and has at most 256 printable ASCII characters.
 */
export function loggablePath(target: string): string {
  const [plain = ''] = target.replace(/[^!-~]/g, '').split(DELIMITER, 1)
  const path = plain.replace(ORIGIN, '').replace(USER_INFO, '').replace(SEALED, '{token}')
  return path.startsWith('/') ? shortened(path.replace(/^[/\\]+/, '/')) : '/'
}

/** Returns the loggable path with known query parameters such as `limit=50`. */
export function loggableTarget(target: string): string {
  const [, ...query] = target.split(/[?&]/)
  const known = query.filter(part => KNOWN_PARAMETER.test(part))
  const path = loggablePath(target)
  return known.length > 0 ? shortened(`${path}?${known.join('&')}`) : path
}

/** Returns a user id without a parameter such as `;key=…`, or the user id from a cache key with a link. */
export function loggableUserId(userId: string): string {
  return userId.replace(/[?&#;][^?&#;]*=.*/s, '').replace(/^.*\//s, '')
}

/** Returns at most 256 characters, without a truncated percent-escape. */
function shortened(text: string): string {
  return text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH).replace(/%.?$/, '') : text
}

const MAX_LENGTH = 256

/** Scheme and authority. */
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[^/]*/i

/** What begins a query, a parameter of it, a fragment or a path parameter, however often encoded. */
const DELIMITER = /[?&#;]|%(?:25)*(?:3f|26|23|3b)/i

const SLASH = '(?:[/\\\\]|%(?:25)*(?:2f|5c))'
const AT_SIGN = '(?:@|%(?:25)*40)'
/** Name and password in a URL that is the path or part of it. */
const USER_INFO = new RegExp(`(?<=${SLASH}{2})(?:(?!${SLASH}).)*${AT_SIGN}`, 'gi')

/** The parameters that routes have; whatever else a caller puts into a query may be a secret. */
const KNOWN_PARAMETER = /^(?:limit|offset|format)=[\w.+-]{0,16}$/

/**
 * The path of a request target (RFC 9112 3.2) without anything that may hold a key: no authority, no
 * query, no fragment, no path parameter. It begins with a slash, names no other host when it is read
 * as a relative reference (RFC 3986 4.2), and has at most 256 printable ASCII characters.
 */
export function loggablePath(target: string): string {
  const [plain = ''] = target.replace(/[^!-~]/g, '').split(DELIMITER, 1)
  const path = plain.replace(ORIGIN, '').replace(USER_INFO, '')
  return path.startsWith('/') ? shortened(path.replace(/^[/\\]+/, '/')) : '/'
}

/** The same with the parameters of the query that routes have, such as `limit=50`. */
export function loggableTarget(target: string): string {
  const [, ...query] = target.split(/[?&]/)
  const known = query.filter(part => KNOWN_PARAMETER.test(part))
  const path = loggablePath(target)
  return known.length > 0 ? shortened(`${path}?${known.join('&')}`) : path
}

/** A user id without a parameter that was left in it, such as `;key=…`. */
export function loggableUserId(userId: string): string {
  return userId.replace(/[?&#;][^?&#;]*=.*/s, '')
}

/** Not cut within a percent-escape. */
function shortened(text: string): string {
  return text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH).replace(/%.?$/, '') : text
}

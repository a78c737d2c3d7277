/** The address and the credentials of Redis. */
export interface SharedCacheTarget {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  /** The database number. */
  readonly db: number
  /** Whether to use TLS: `rediss:`. */
  readonly tls: boolean
}

const DEFAULT_PORT = 6379

/**
 * Parses `SHARED_CACHE_URL`: `redis://` or, with TLS, `rediss://`, then optional `user:password@`, host,
 * optional port and database number. Undefined if malformed.
 */
export function parseSharedCacheUrl(value: string): SharedCacheTarget | undefined {
  if (!/^rediss?:/.test(value) || !URL.canParse(value)) return undefined
  const { protocol, hostname, port, username, password, pathname } = new URL(value)
  try {
    return {
      // In a URL, an IPv6 address has brackets.
      host: decodeURIComponent(hostname).replace(/^\[|\]$/g, ''),
      port: port === '' ? DEFAULT_PORT : Number(port),
      username: decoded(username),
      password: decoded(password),
      db: Number(pathname.slice(1)),
      tls: protocol === 'rediss:',
    }
  } catch {
    // Malformed percent-encoding.
    return undefined
  }
}

function decoded(part: string): string | undefined {
  return part === '' ? undefined : decodeURIComponent(part)
}

/** Where the engine of the shared cache is, and as whom to speak to it. */
export interface SharedCacheTarget {
  readonly host: string
  readonly port: number
  readonly username: string | undefined
  readonly password: string | undefined
  /** The number of the database. */
  readonly db: number
  /** Whether to speak TLS: `rediss:`. */
  readonly tls: boolean
}

const DEFAULT_PORT = 6379

/**
 * Takes `SHARED_CACHE_URL` apart: `redis://` or, with TLS, `rediss://`, then `user:password@`, host,
 * port and the number of the database, of which only the host is needed. Undefined when it means
 * nothing.
 */
export function parseSharedCacheUrl(value: string): SharedCacheTarget | undefined {
  if (!/^rediss?:/.test(value) || !URL.canParse(value)) return undefined
  const { protocol, hostname, port, username, password, pathname } = new URL(value)
  try {
    return {
      // The brackets of an IPv6 address belong to the URL alone.
      host: decodeURIComponent(hostname).replace(/^\[|\]$/g, ''),
      port: port === '' ? DEFAULT_PORT : Number(port),
      username: decoded(username),
      password: decoded(password),
      db: Number(pathname.slice(1)),
      tls: protocol === 'rediss:',
    }
  } catch {
    // A percent sign that begins no code.
    return undefined
  }
}

function decoded(part: string): string | undefined {
  return part === '' ? undefined : decodeURIComponent(part)
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** The user and password for a server; undefined if missing from the URL. */
export interface Credentials {
  readonly username: string | undefined
  readonly password: string | undefined
}

/** A parsed `SHARED_CACHE_URL`. The top-level `username` and `password` are for Redis. */
export interface SharedCacheTarget extends Credentials {
  /** What is at the `addresses`: a single Redis, sentinels that know the primary, or cluster nodes. */
  readonly mode: 'single' | 'sentinel' | 'cluster'
  readonly addresses: readonly [Address, ...Address[]]
  /** The database number. */
  readonly db: number
  /** Whether to use TLS, also for sentinels: the scheme begins with `rediss`. */
  readonly tls: boolean
  /** The sentinels' name for the primary; empty without sentinels. */
  readonly service: string
  /** The credentials for the sentinels. */
  readonly sentinel: Credentials
}

const FORM =
  /^redis(s?)(?:\+(sentinel|cluster))?:\/\/([^/?#\s]*@)?([^/?#\s@,]+(?:,[^/?#\s@,]+)*)(?:\/([^?#\s]*))?(?:\?([^#\s]*))?$/
const DEFAULT_PORTS = { single: 6379, sentinel: 26_379, cluster: 6379 }
const PATHS = {
  single: /^(?<db>\d{1,5})?$/,
  sentinel: /^(?<service>[\w.-]+)(?:\/(?<db>\d{1,5})?)?$/,
  // A cluster has one database.
  cluster: /^(?<db>0)?$/,
}

/**
 * Parses `SHARED_CACHE_URL`, as clients for Python and Java do:
 * - `redis://[user:password@]host[:port][/database]`,
 * - `redis+sentinel://[user:password@]host[:port][,host[:port]…]/service[/database]`, then optionally
 *   `?sentinel_username=…&sentinel_password=…`,
 * - `redis+cluster://[user:password@]host[:port][,host[:port]…]`,
 *
 * each with `rediss` for TLS. Returns undefined if malformed.
 */
export function parseSharedCacheUrl(value: string): SharedCacheTarget | undefined {
  const parts = FORM.exec(value)
  if (parts === null) return undefined
  const [, tls, given = 'single', user = '', hosts = '', path = '', query] = parts
  const mode = given as SharedCacheTarget['mode']
  const names = PATHS[mode].exec(path)?.groups
  const options = Object.fromEntries(new URLSearchParams(query))
  const { sentinel_username, sentinel_password, ...others } = options
  const isUnknown = query !== undefined && (mode !== 'sentinel' || Object.keys(others).length > 0)
  if (names === undefined || isUnknown) return undefined
  try {
    // One URL per host, since no URL parser accepts several hosts.
    const urls = hosts.split(',').map(host => new URL(`redis://${user}${host}`)) as [URL, ...URL[]]
    if (mode === 'single' && urls.length > 1) return undefined
    const [{ username, password }] = urls
    const addressOf = ({ hostname, port }: URL): Address => ({
      // In a URL, an IPv6 address has brackets.
      host: decodeURIComponent(hostname).replace(/^\[|\]$/g, ''),
      port: port === '' ? DEFAULT_PORTS[mode] : Number(port),
    })
    return {
      mode,
      addresses: urls.map(addressOf) as [Address, ...Address[]],
      username: decoded(username),
      password: decoded(password),
      db: Number(names.db ?? 0),
      tls: tls === 's',
      service: names.service ?? '',
      sentinel: { username: sentinel_username, password: sentinel_password },
    }
  } catch {
    // A malformed host or malformed percent-encoding.
    return undefined
  }
}

function decoded(part: string): string | undefined {
  return part === '' ? undefined : decodeURIComponent(part)
}

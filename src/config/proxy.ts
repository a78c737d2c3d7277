import type { Config } from './schema.ts'

/** A forward proxy. */
export interface ForwardProxy {
  /** Scheme, host and port. */
  readonly origin: string
  /** The value of `Proxy-Authorization`, if the URL contains a user. */
  readonly authorization: string | undefined
}

/**
 * Parses a proxy URL: `http://` or `https://`, optional `user:password@`, host, optional port. Returns
 * undefined if malformed.
 */
export function parseProxyUrl(value: string): ForwardProxy | undefined {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return undefined
  const { origin, username, password } = new URL(value)
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    const authorization =
      credentials === ':' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`
    return { origin, authorization }
  } catch {
    // Malformed percent-encoding.
    return undefined
  }
}

/**
 * Returns the proxy for requests to `target`; undefined if there is none. Without `HTTPS_PROXY`,
 * `HTTP_PROXY` also serves https, as in undici.
 * https://undici.nodejs.org/#/docs/api/EnvHttpProxyAgent
 */
export function proxyFor(
  target: URL,
  {
    HTTPS_PROXY,
    HTTP_PROXY,
    NO_PROXY = '',
  }: Pick<Config, 'HTTPS_PROXY' | 'HTTP_PROXY' | 'NO_PROXY'>,
): ForwardProxy | undefined {
  const url = target.protocol === 'https:' ? (HTTPS_PROXY ?? HTTP_PROXY) : HTTP_PROXY
  if (url === undefined || isExcluded(target, NO_PROXY)) return undefined
  return parseProxyUrl(url)
}

/** A host with an optional port; an IPv6 address without a port needs no brackets. */
const EXCLUSION = /^(?<host>\[.*\]|[^:]*)(?::(?<port>\d+))?$/

/**
 * Whether `NO_PROXY` excludes the URL from the proxy. `list` contains hosts, including their subdomains,
 * separated by commas or spaces; `*` is any host.
 */
function isExcluded({ protocol, hostname, port }: URL, list: string): boolean {
  const host = withoutBrackets(hostname)
  const targetPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  return list.split(/[\s,]+/).some(entry => {
    const parts = EXCLUSION.exec(entry)?.groups
    if (parts?.port !== undefined && parts.port !== targetPort) return false
    const excluded = withoutBrackets(parts?.host ?? entry)
      .replace(/^\*?\.(?=.)/, '')
      .toLowerCase()
    if (excluded === '') return false
    return excluded === '*' || host === excluded || host.endsWith(`.${excluded}`)
  })
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}

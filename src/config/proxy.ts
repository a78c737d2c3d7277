import type { Config } from './schema.ts'

/** A forward proxy. */
export interface ForwardProxy {
  /** Scheme, host and port. */
  readonly origin: string
  /** The value of `Proxy-Authorization`, where the URL holds a user. */
  readonly authorization: string | undefined
}

/**
 * Takes the URL of a proxy apart: `http://` or `https://`, then `user:password@`, host and port, of
 * which only the host is needed. Undefined when it is no such URL.
 */
export function parseProxyUrl(value: string): ForwardProxy | undefined {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return undefined
  const { origin, username, password } = new URL(value)
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    const isNamed = credentials !== ':'
    const authorization = isNamed
      ? `Basic ${Buffer.from(credentials).toString('base64')}`
      : undefined
    return { origin, authorization }
  } catch {
    // A percent sign that begins no code.
    return undefined
  }
}

/**
 * The proxy on the way to `target`; undefined when there is none. `HTTP_PROXY` serves https as well
 * where there is no `HTTPS_PROXY`, as undici has it.
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

/** A host, with a port or without; an IPv6 address without a port needs no brackets. */
const EXCLUSION = /^(?<host>\[.*\]|[^:]*)(?::(?<port>\d+))?$/

/** `list` names hosts with all hosts below them, separated by commas or blanks; `*` is any host. */
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

import type { Socket } from 'node:net'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import type { ForwardProxy } from '../config/proxy.ts'

/** Default ports by protocol. */
const DEFAULT_PORTS: Record<string, number> = { 'https:': 443, 'http:': 80 }

/** tinyproxy sends 401 where RFC 9110 15.5.8 has 407. */
const UNAUTHENTICATED = new Set([401, 407])

/** The proxy opened no connection. The message is for callers. */
export class ProxyError extends Error {
  /** The error code for the log; undefined if the cause has a code. */
  readonly code: string | undefined
  /** Whether a retry might succeed; not after the proxy refuses (4xx). */
  readonly transient: boolean

  constructor(detail: string, facts: { cause?: unknown; code?: string; transient?: boolean } = {}) {
    super(`The forward proxy ${detail}`, { cause: facts.cause })
    this.code = facts.code
    this.transient = facts.transient ?? true
  }
}

/** Opens connections through a proxy. */
export interface Tunnels {
  readonly connect: buildConnector.connector
  /** Whether the proxy is opening a connection. */
  readonly isOpening: boolean
  /** Cancels connections being opened. */
  close(): Promise<void>
}

/**
 * Opens connections through a proxy with CONNECT (RFC 9110 9.3.6), for http and https; `connect` makes the TLS
 * connection inside. undici's ProxyAgent reconnects in an endless loop if the proxy closes the connection
 * without a response, and waits five minutes if the proxy hangs.
 */
export function createTunnels(
  { origin, authorization }: ForwardProxy,
  timeoutMs: number,
  connect: buildConnector.connector,
): Tunnels {
  const toProxy = buildConnector({ timeout: timeoutMs })
  const proxy = new Pool(origin, {
    // undici takes the server name from the Host field, which contains the target.
    connect: ({ servername: _, ...target }, callback) => toProxy(target, callback),
    headersTimeout: timeoutMs,
  })
  const credentials = authorization === undefined ? {} : { 'proxy-authorization': authorization }
  let opening = 0

  /** A connection to the target, through the proxy. */
  async function tunnel({ host = '', port, protocol }: buildConnector.Options): Promise<Socket> {
    // The host includes any non-default port.
    const path = port === '' ? `${host}:${DEFAULT_PORTS[protocol]}` : host
    const response = await proxy
      .connect({ path, headers: { host: path, ...credentials } })
      .catch(cause => {
        throw new ProxyError('is unreachable or sent no response.', { cause })
      })
    return opened(response)
  }

  return {
    connect(target, callback) {
      opening++
      tunnel(target)
        .finally(() => opening--)
        .then(
          socket =>
            target.protocol === 'https:'
              ? connect({ ...target, httpSocket: socket }, callback)
              : callback(null, socket),
          (error: Error) => callback(error, null),
        )
    },
    get isOpening() {
      return opening > 0
    },
    close: () => proxy.destroy(),
  }
}

/** @throws {ProxyError} if the proxy did not open the connection. */
function opened({ statusCode, socket }: Dispatcher.ConnectData): Socket {
  if (statusCode >= 200 && statusCode < 300) return socket as Socket
  socket.on('error', () => {}).destroy()
  const facts = { code: `PROXY_STATUS_${statusCode}`, transient: statusCode >= 500 }
  const detail = UNAUTHENTICATED.has(statusCode)
    ? `rejects the user and password, or requires them (status ${statusCode}). The operator must check HTTPS_PROXY and HTTP_PROXY.`
    : `responded with status ${statusCode}.`
  throw new ProxyError(detail, facts)
}

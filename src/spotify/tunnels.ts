import type { Socket } from 'node:net'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import type { ForwardProxy } from '../config/proxy.ts'

/** Where a URL names no port. */
const DEFAULT_PORTS: Record<string, number> = { 'https:': 443, 'http:': 80 }

/** tinyproxy answers 401 where RFC 9110 15.5.8 has 407. */
const UNAUTHENTICATED = new Set([401, 407])

/** No connection through the proxy; the message is for callers. */
export class ProxyError extends Error {
  /** For the log; undefined where the cause has one. */
  readonly code: string | undefined
  /** Whether the next try may succeed: not after the proxy has refused (4xx). */
  readonly transient: boolean

  constructor(detail: string, facts: { cause?: unknown; code?: string; transient?: boolean } = {}) {
    super(`The proxy on the way to Spotify ${detail}`, { cause: facts.cause })
    this.code = facts.code
    this.transient = facts.transient ?? true
  }
}

/** Connections through a proxy. */
export interface Tunnels {
  readonly connect: buildConnector.connector
  /** Whether one is being opened. */
  readonly isOpening: boolean
  /** Ends those that are being opened. */
  close(): Promise<void>
}

/**
 * Opens connections through a proxy with CONNECT (RFC 9110 9.3.6), for http as well as https; `connect`
 * makes the TLS connection inside. undici's ProxyAgent reconnects in an endless loop to a proxy that
 * closes the connection instead of answering, and waits five minutes for one that hangs.
 */
export function createTunnels(
  { origin, authorization }: ForwardProxy,
  timeoutMs: number,
  connect: buildConnector.connector,
): Tunnels {
  const toProxy = buildConnector({ timeout: timeoutMs })
  const proxy = new Pool(origin, {
    // The server name that undici takes from the Host field is that of the target.
    connect: ({ servername: _, ...target }, callback) => toProxy(target, callback),
    headersTimeout: timeoutMs,
  })
  const credentials = authorization === undefined ? {} : { 'proxy-authorization': authorization }
  let opening = 0

  /** A connection over which the proxy passes everything on. */
  async function tunnel({ host = '', port, protocol }: buildConnector.Options): Promise<Socket> {
    // The host includes a port that is not the default one.
    const path = port === '' ? `${host}:${DEFAULT_PORTS[protocol]}` : host
    const response = await proxy
      .connect({ path, headers: { host: path, ...credentials } })
      .catch(cause => {
        throw new ProxyError('could not be reached, or did not answer.', { cause })
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

/** @throws {ProxyError} when the proxy did not open the connection. */
function opened({ statusCode, socket }: Dispatcher.ConnectData): Socket {
  if (statusCode >= 200 && statusCode < 300) return socket as Socket
  socket.on('error', () => {}).destroy()
  const facts = { code: `PROXY_STATUS_${statusCode}`, transient: statusCode >= 500 }
  const detail = UNAUTHENTICATED.has(statusCode)
    ? `does not accept the user and password, or their absence (status ${statusCode}). The operator must check HTTPS_PROXY and HTTP_PROXY.`
    : `answered with status ${statusCode}.`
  throw new ProxyError(detail, facts)
}

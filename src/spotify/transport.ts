import type { IncomingHttpHeaders } from 'node:http'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import type { ForwardProxy } from '../config/proxy.ts'
import { childAbortController } from '../lib/child-abort-signal.ts'
import type { Clock } from '../lib/clock.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { Problem } from '../problems/problem.ts'
import { Connections } from './connections.ts'
import { responseText } from './response-text.ts'
import { networkProblem, unavailable } from './transport-problems.ts'
import { createTunnels } from './tunnels.ts'

/** Longer than the gaps between pages and most gaps between background revalidations. */
const KEEP_ALIVE_MS = 30_000

/** A complete HTTP response from Spotify, decoded. */
export interface SpotifyResponse {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

export interface TransportOptions {
  clock: Clock
  /** Timeout for the whole attempt, from connecting to the last byte, in milliseconds. */
  timeoutMs: number
  /** Maximum body size, encoded and decoded, in bytes. */
  maxBytes: number
  /** The forward proxy; undefined for direct connections. */
  proxy?: ForwardProxy | undefined
}

export interface SpotifyRequest {
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body?: string
}

export interface SendOptions {
  /** Called when a 200 body has been read; the transport decodes it once the returned promise resolves. */
  onRead?: () => Promise<void>
  /** Whether to resend a request lost on a dead connection; by default the transport does. */
  mayResend?: () => Promise<boolean>
}

/** Sends requests to one Spotify host. */
export interface Transport {
  /**
   * Resolves with a complete response, whatever the status; a 4xx or 5xx can lack its body. Does not follow
   * redirects. If the server closed the idle connection, resends the request once on a new connection (RFC 9112
   * 9.3.1). That is safe (RFC 9110 9.2.2): reading a page has no effect, and an unused token does no harm.
   *
   * @throws {Problem} `spotify-unavailable` if there is no connection or the attempt times out,
   * `spotify-bad-response` if the response breaks off, is too large or cannot be decoded. Throws the `signal`
   * reason unchanged.
   */
  send(
    request: SpotifyRequest,
    signal: AbortSignal,
    options?: SendOptions,
  ): Promise<SpotifyResponse>
  /** Closes all connections; requests in flight fail. */
  close(): Promise<void>
}

/**
 * `origin` is scheme, host and port. `connections` is the maximum number of sockets; resent requests can use as
 * many again.
 */
export function createTransport(
  origin: string,
  connections: number,
  options: TransportOptions,
): Transport {
  const { timeoutMs, maxBytes, proxy } = options
  const direct = buildConnector({ timeout: timeoutMs })
  const tunnels = proxy && createTunnels(proxy, timeoutMs, direct)
  const connect = tunnels?.connect ?? direct
  const watched = new Connections()
  const poolOptions = {
    connections,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: maxBytes,
    // These two limit pauses in a transfer; the attempt timeout is stricter.
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  const pool = new Pool(origin, { ...poolOptions, connect: watched.watch(connect) })
  // Without pipelining undici opens a connection for each request.
  const newConnections = new Pool(origin, { ...poolOptions, connect, pipelining: 0 })

  async function respond(
    request: Dispatcher.RequestOptions & { signal: AbortSignal },
    mayResend: SendOptions['mayResend'],
  ): Promise<Dispatcher.ResponseData> {
    const before = watched.received()
    // undici ignores a request's signal until there is a connection.
    try {
      return await untilAborted(pool.request(request), request.signal)
    } catch (error) {
      if (!watched.wasDead(error, before) || (await mayResend?.()) === false) throw error
      return untilAborted(newConnections.request(request), request.signal)
    }
  }

  function timedOut(): Problem {
    const who = tunnels?.isOpening ? 'The forward proxy' : 'Spotify'
    const code = tunnels?.isOpening ? 'PROXY_TIMEOUT' : 'ETIMEDOUT'
    const cause = Object.assign(new Error('The attempt timed out.'), { code })
    return unavailable(`${who} did not respond within ${timeoutMs} ms.`, cause)
  }

  return {
    send(request, signal, { onRead, mayResend } = {}) {
      const attempt = childAbortController(signal)
      const cancelTimeout = options.clock.schedule(timeoutMs, () => {
        attempt.abort(timedOut())
      })
      // The timeout covers the transfer, not our decoding.
      const whenRead = () => {
        cancelTimeout()
        return onRead?.()
      }
      return respond({ ...request, signal: attempt.signal }, mayResend)
        .then(response => readWhole(response, maxBytes, signal, whenRead))
        .catch(error => {
          throw attempt.signal.aborted ? attempt.signal.reason : networkProblem(error)
        })
        .finally(() => {
          cancelTimeout()
          attempt.dispose()
        })
    },
    async close() {
      await Promise.all([pool.destroy(), newConnections.destroy(), tunnels?.close()])
    },
  }
}

async function readWhole(
  response: Dispatcher.ResponseData,
  maxBytes: number,
  signal: AbortSignal,
  whenRead: () => Promise<void> | undefined,
): Promise<SpotifyResponse> {
  const { statusCode: status, headers } = response
  try {
    const sent = await response.body.bytes()
    if (status === 200) await whenRead()
    return {
      status,
      headers,
      body: await responseText(sent, headers['content-encoding'], maxBytes),
    }
  } catch (error) {
    // For a refusal, status and headers suffice; the body only tells causes apart.
    if (status >= 400 && !signal.aborted) return { status, headers, body: '' }
    throw error
  }
}

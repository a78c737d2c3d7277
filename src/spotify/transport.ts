import type { IncomingHttpHeaders } from 'node:http'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import type { ForwardProxy } from '../config/proxy.ts'
import { linkedAbort } from '../lib/child-abort-signal.ts'
import type { Clock } from '../lib/clock.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { Problem } from '../problems/problem.ts'
import { Connections } from './connections.ts'
import { networkProblem, unavailable } from './response-problems.ts'
import { responseText } from './response-text.ts'
import { createTunnels } from './tunnels.ts'

/** Connections outlive the gaps between pages and most gaps between background refreshes. */
const KEEP_ALIVE_MS = 30_000

/** One HTTP response of Spotify, its body read to the end and decoded. */
export interface SpotifyResponse {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

export interface ExchangeOptions {
  clock: Clock
  /** Bound on the whole attempt, from connecting to the last byte, in milliseconds. */
  timeoutMs: number
  /** Bound on the body, as sent and as decoded, in bytes. */
  maxBytes: number
  /** The proxy on the way; left out when there is none. */
  proxy?: ForwardProxy | undefined
}

export interface SpotifyRequest {
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body?: string
}

export interface SendOptions {
  /** Called when the body of a 200 has been read; it is decoded once what this returns has settled. */
  onRead?: () => Promise<void>
  /** Whether the request may be sent a second time; asked when it was sent on a dead connection. */
  mayResend?: () => Promise<boolean>
}

/** Sends one request to one Spotify host. */
export interface Exchange {
  /**
   * Resolves with any response that arrived whole, whatever its status; a refusal (4xx, 5xx) also
   * without its body. Redirects are not followed. A request that is lost because its connection was
   * closed while idle is sent again on a new one, once (RFC 9112 9.3.1). That is safe: a page is only
   * read, and Spotify does not mind a token that nobody uses (RFC 9110 9.2.2).
   *
   * @throws {Problem} `spotify-unavailable` when Spotify cannot be reached or takes too long,
   * `spotify-bad-response` when the response breaks off, is too large or cannot be decoded.
   * Whatever `signal` was aborted with is thrown as it is.
   */
  send(
    request: SpotifyRequest,
    signal: AbortSignal,
    options?: SendOptions,
  ): Promise<SpotifyResponse>
  /** Ends all connections; requests under way fail. */
  close(): Promise<void>
}

/** `origin` is scheme, host and port; `connections` bounds the sockets to it. */
export function createExchange(
  origin: string,
  connections: number,
  options: ExchangeOptions,
): Exchange {
  const { timeoutMs, maxBytes, proxy } = options
  const direct = buildConnector({ timeout: timeoutMs })
  const tunnels = proxy && createTunnels(proxy, timeoutMs, direct)
  const connect = tunnels?.connect ?? direct
  const watched = new Connections()
  const poolOptions = {
    connections,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: maxBytes,
    // These two bound gaps, not the whole; the attempt's own time-out is stricter than both.
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
    // undici heeds the signal of a request only once there is a connection for it.
    try {
      return await untilAborted(pool.request(request), request.signal)
    } catch (error) {
      if (!watched.wasDead(error, before) || (await mayResend?.()) === false) throw error
      return untilAborted(newConnections.request(request), request.signal)
    }
  }

  function timedOut(): Problem {
    const who = tunnels?.isOpening ? 'The proxy on the way to Spotify' : 'Spotify'
    const code = tunnels?.isOpening ? 'PROXY_TIMEOUT' : 'ETIMEDOUT'
    const cause = Object.assign(new Error('The attempt timed out.'), { code })
    return unavailable(`${who} did not answer within ${timeoutMs} ms.`, cause)
  }

  return {
    send(request, signal, { onRead, mayResend } = {}) {
      const attempt = linkedAbort(signal)
      const cancelTimeout = options.clock.schedule(timeoutMs, () => {
        attempt.abort(timedOut())
      })
      // The time-out covers the transfer, not our decoding.
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
          attempt.unlink()
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
    // A refusal counts by its status and headers; its words only tell causes apart.
    if (status >= 400 && !signal.aborted) return { status, headers, body: '' }
    throw error
  }
}

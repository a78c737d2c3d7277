import type { IncomingHttpHeaders } from 'node:http'
import { buildConnector, type Dispatcher, errors, Pool } from 'undici'
import type { Clock } from '../clock.ts'
import { linkedAbort } from '../linked-abort.ts'
import { Problem } from '../problems.ts'
import { Connections } from './connections.ts'
import { badResponse, codeOf, tooLarge } from './response-problems.ts'
import { responseText } from './response-text.ts'

/** Connections outlive the gaps between pages and most gaps between background refreshes. */
const KEEP_ALIVE_MS = 30_000

/** What undici and Node call a response that began but cannot be read to its end. */
const BROKEN_OFF = new Set([
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
])

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
   * without its body. Redirects are not followed. A request that was lost because its connection had
   * died while idle is sent once more on a new one (RFC 9110 9.2.2, RFC 9112 9.3.1): a page is only
   * read, and a token that nobody received does no harm.
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
  const { timeoutMs, maxBytes } = options
  const connect = buildConnector({ timeout: timeoutMs })
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
    request: Dispatcher.RequestOptions,
    mayResend: SendOptions['mayResend'],
  ): Promise<Dispatcher.ResponseData> {
    const before = watched.received()
    try {
      return await pool.request(request)
    } catch (error) {
      if (!watched.wasDead(error, before) || (await mayResend?.()) === false) throw error
      return newConnections.request(request)
    }
  }

  return {
    send(request, signal, { onRead, mayResend } = {}) {
      const attempt = linkedAbort(signal)
      const cancelTimeout = options.clock.schedule(timeoutMs, () => {
        attempt.abort(unavailable(`Spotify did not answer within ${timeoutMs} ms.`))
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
      await Promise.all([pool.destroy(), newConnections.destroy()])
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

function networkProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof errors.ResponseExceededMaxSizeError) return tooLarge(error)
  if (error instanceof errors.HTTPParserError || BROKEN_OFF.has(codeOf(error))) {
    return badResponse('The answer of Spotify broke off.', { cause: error, transient: true })
  }
  return unavailable('Spotify could not be reached.', error)
}

function unavailable(detail: string, cause?: unknown): Problem {
  return new Problem('spotify-unavailable', detail, { cause, transient: true })
}

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { ownPlaylistsQuery, playlistsQuery } from './page.ts'

/** The requested endpoint, by path. */
export type RequestKind = 'token' | 'api' | 'authorize' | 'other'

/** A client request, as recorded in `Sandbox.requests`. */
export interface SandboxRequest {
  kind: RequestKind
  method: string
  /** The raw request target, with query. */
  path: string
  headers: IncomingHttpHeaders
  /** Whether the connection had an earlier request. */
  isReused: boolean
  /** The decoded user id in a playlists path, or the token's user for /v1/me/playlists. */
  userId?: string
  /** The offset in a playlists request, 0 by default. */
  offset?: number
  /** The `grant_type` in a token request. */
  grantType?: string
  /** Set when the response ends; absent if the sandbox sent no head. */
  status?: number
}

interface Waiter {
  kind: RequestKind
  count: number
  resolve: () => void
}

/** Records and counts requests, and waits for them. */
export class RequestLog {
  /** The latest requests, in order of arrival. */
  readonly requests: SandboxRequest[] = []
  readonly #keep: number
  readonly #used = new WeakSet<Socket>()
  #waiters: Waiter[] = []
  #counts = noRequests()
  #inFlight = 0
  #peakInFlight = 0

  /** `keep` bounds the record when a sandbox runs for days; the counts include all requests. */
  constructor(keep = 10_000) {
    this.#keep = keep
  }

  /** Records a request, and the status when the response ends or the client disconnects. */
  add(req: IncomingMessage, res: ServerResponse): SandboxRequest {
    const request = describe(req, this.#used.has(req.socket))
    this.#used.add(req.socket)
    this.requests.push(request)
    if (this.requests.length > this.#keep) this.requests.shift()
    this.#counts[request.kind]++
    if (request.kind === 'api') {
      this.#inFlight++
      this.#peakInFlight = Math.max(this.#peakInFlight, this.#inFlight)
    }
    res.once('close', () => {
      if (request.kind === 'api') this.#inFlight--
      if (res.headersSent) request.status = res.statusCode
    })
    this.#wake()
    return request
  }

  count(kind: RequestKind): number {
    return this.#counts[kind]
  }

  get peakInFlight(): number {
    return this.#peakInFlight
  }

  /** Resolves when at least `count` requests of that kind have arrived since the last clear(). */
  arrived(kind: RequestKind, count: number): Promise<void> {
    return new Promise(resolve => {
      this.#waiters.push({ kind, count, resolve })
      this.#wake()
    })
  }

  /** Resets record, counts and peak; requests in flight count towards the next peak. */
  clear(): void {
    this.requests.length = 0
    this.#counts = noRequests()
    this.#peakInFlight = this.#inFlight
  }

  #wake(): void {
    this.#waiters = this.#waiters.filter(waiter => {
      if (this.#counts[waiter.kind] < waiter.count) return true
      waiter.resolve()
      return false
    })
  }
}

function noRequests(): Record<RequestKind, number> {
  return { token: 0, api: 0, authorize: 0, other: 0 }
}

function describe(req: IncomingMessage, isReused: boolean): SandboxRequest {
  const { method = '', url: path = '', headers } = req
  const request: SandboxRequest = { kind: kindOf(path), method, path, headers, isReused }
  const query = playlistsQuery(path) ?? ownPlaylistsQuery(path)
  if (query === undefined) return request
  const { userId, offset } = { userId: undefined, ...query }
  return { ...request, offset, ...(userId !== undefined && { userId }) }
}

function kindOf(path: string): RequestKind {
  if (/^\/api\/token(\?|$)/.test(path)) return 'token'
  if (/^\/authorize(\?|$)/.test(path)) return 'authorize'
  return /^\/v1(\/|\?|$)/.test(path) ? 'api' : 'other'
}

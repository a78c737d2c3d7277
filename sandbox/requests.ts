import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { playlistsQuery } from './page.ts'

/** Which part of the sandbox a request addressed, by its path alone. */
export type RequestKind = 'token' | 'api' | 'other'

/** What a client sent. It lives on in `Sandbox.requests`. */
export interface SandboxRequest {
  kind: RequestKind
  method: string
  /** The request target as it arrived: undecoded, with its query. */
  path: string
  headers: IncomingHttpHeaders
  /** Whether its connection had carried another request before. */
  isReused: boolean
  /** The decoded user id, where the path names a user's playlists. */
  userId?: string
  /** The offset asked for (0 when left out), where the path names a user's playlists. */
  offset?: number
  /** Set when the answer has ended; stays away when not even a head was sent. */
  status?: number
}

interface Waiter {
  kind: RequestKind
  count: number
  resolve: () => void
}

/** Remembers and counts requests, tells when they arrive and how many were open at once. */
export class RequestLog {
  /** The latest requests in arrival order. */
  readonly requests: SandboxRequest[] = []
  readonly #keep: number
  readonly #used = new WeakSet<Socket>()
  #waiters: Waiter[] = []
  #counts = noRequests()
  #inFlight = 0
  #peakInFlight = 0

  /** `keep` bounds the memory of a sandbox that runs for days; counts go on beyond it. */
  constructor(keep = 10_000) {
    this.#keep = keep
  }

  /** Notes an arrival, and its answer when that has ended or the client has gone. */
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

  /** Resolves once at least `count` requests of that kind have arrived since the last clear(). */
  arrived(kind: RequestKind, count: number): Promise<void> {
    return new Promise(resolve => {
      this.#waiters.push({ kind, count, resolve })
      this.#wake()
    })
  }

  /** Forgets requests, counts and peak; requests still open count towards the next peak. */
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
  return { token: 0, api: 0, other: 0 }
}

function describe(req: IncomingMessage, isReused: boolean): SandboxRequest {
  const { method = '', url: path = '', headers } = req
  const request: SandboxRequest = { kind: kindOf(path), method, path, headers, isReused }
  const query = playlistsQuery(path)
  if (query === undefined) return request
  return { ...request, userId: query.userId, offset: query.offset }
}

function kindOf(path: string): RequestKind {
  if (/^\/api\/token(\?|$)/.test(path)) return 'token'
  return /^\/v1(\/|\?|$)/.test(path) ? 'api' : 'other'
}

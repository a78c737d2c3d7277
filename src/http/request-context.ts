import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { LookupResult } from '../cache/lookup-result.ts'
import { ANONYMOUS } from '../config/api-keys.ts'
import type { Caller } from '../lib/waiting-callers.ts'
import type { Problem } from '../problems/problem.ts'
import { checkFieldSize } from './validation.ts'

/** Request data for the log line and the metrics, filled in while the request is handled. */
export class RequestContext implements Caller {
  readonly #request: FastifyRequest
  /** The route pattern; undefined if none matches. Copied: Fastify's getter makes an object per call. */
  readonly route: string | undefined
  /** Monotonic time; undefined if Fastify refused the request before any hook ran. */
  receivedAtMs: number | undefined = undefined
  /** The API key name, or `ANONYMOUS` if none is needed; undefined on open routes or if the key is unknown. */
  caller: string | undefined = undefined
  /** The requested user id, canonical. */
  userId: string | undefined = undefined
  /** The cache result; undefined without a lookup. */
  result: LookupResult | undefined = undefined
  /** The `Cache-Status` field (RFC 9211). */
  cacheStatus: string | undefined = undefined
  /** Requests to Spotify caused by the lookup. */
  spotifyRequests = 0
  /** `RateLimit` fields, flat; undefined without a limit. */
  rateLimitFields: string[] | undefined = undefined
  /** CORS fields, flat; undefined if no page from another origin may read the response. */
  corsFields: string[] | undefined = undefined
  /** Members that link the log line to a trace; undefined without a trace. */
  logIds: Record<string, string> | undefined = undefined
  /** The problem reported in the response, if any. */
  problem: Problem | undefined = undefined

  constructor(request: FastifyRequest) {
    this.#request = request
    this.route = request.routeOptions.url
  }

  /**
   * Identifies the caller: the API key name, which has no spaces, else the address block.
   *
   * @throws {Problem} `headers-too-large` if `X-Forwarded-For`, which can contain the address, is too long.
   */
  get callerName(): string {
    const { caller = ANONYMOUS } = this
    if (caller !== ANONYMOUS) return caller
    const forwarded = this.#request.headers['x-forwarded-for']
    if (forwarded !== undefined) checkFieldSize('X-Forwarded-For', String(forwarded))
    return addressName(this.#request.ip)
  }
}

const CONTEXT = Symbol('context')

/** Returns the request's context; each request has one. */
export function contextOf(request: FastifyRequest): RequestContext {
  const carrier: FastifyRequest & { [CONTEXT]?: RequestContext } = request
  carrier[CONTEXT] ??= new RequestContext(request)
  return carrier[CONTEXT]
}

/** Names a caller without an API key. */
export function addressName(address: string | undefined): string {
  return `address ${addressBlock(address)}`
}

/**
 * Returns the address block that counts as one caller: an IPv4 address or an IPv6 /64 prefix, since a host can
 * use every address in the prefix (RFC 4291 2.5.1). Invalid addresses from a trusted proxy together count as
 * one caller.
 */
export function addressBlock(address: string | undefined): string {
  const [bare = ''] = (address ?? '').split('%')
  // An IPv4 address on a dual-stack socket.
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1]
  const version = isIP(mapped ?? bare)
  if (version === 0) return 'unknown'
  return version === 4 ? (mapped ?? bare) : `${groupsOf(bare).slice(0, 4).join(':')}::/64`
}

/** Returns all eight groups of an IPv6 address in any notation. */
function groupsOf(address: string): string[] {
  // The URL parser returns the canonical form (RFC 5952).
  const [left = '', right = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (part: string) => part.split(':').filter(group => group !== '')
  const first = groups(left)
  const last = groups(right)
  return [...first, ...Array(8 - first.length - last.length).fill('0'), ...last]
}

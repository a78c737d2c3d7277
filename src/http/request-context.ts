import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { LookupResult } from '../cache/lookup-result.ts'
import { ANONYMOUS } from '../config/api-keys.ts'
import type { Caller } from '../lib/waiting-callers.ts'
import type { Problem } from '../problems/problem.ts'
import { checkFieldSize } from './field-size.ts'

/** What has become known of a request by the time it is answered, for its log line and for metrics. */
export class RequestContext implements Caller {
  readonly #request: FastifyRequest
  /** The pattern of its route; undefined when none fits. Fastify makes an object whenever it is asked. */
  readonly route: string | undefined
  /** On the monotonic clock; undefined when it was refused before any hook ran. */
  receivedAtMs: number | undefined = undefined
  /** The name of its API key; undefined where none was asked for or the one sent is not known. */
  caller: string | undefined = undefined
  /** Whose list it asked for, canonical. */
  userId: string | undefined = undefined
  /** How the cache answered; undefined when it was not asked. */
  result: LookupResult | undefined = undefined
  /** The same as a field (RFC 9211). */
  cacheStatus: string | undefined = undefined
  /** Requests to Spotify that its lookup caused. */
  spotifyRequests = 0
  /** Fields that tell the caller what is left of its limit, flat; undefined where there is none. */
  rateLimitFields: string[] | undefined = undefined
  /** Fields that let the page of another origin read the answer, flat; undefined where none may. */
  corsFields: string[] | undefined = undefined
  /** Members that tie its log line to a trace; undefined where there is none. */
  logIds: Record<string, string> | undefined = undefined
  /** What the answer tells of instead of what was asked for. */
  problem: Problem | undefined = undefined

  constructor(request: FastifyRequest) {
    this.#request = request
    this.route = request.routeOptions.url
  }

  /**
   * By what callers are told apart: the name of the API key, which has no space in it, or else the
   * block of addresses.
   *
   * @throws {Problem} `headers-too-large` when `X-Forwarded-For`, which is read for the address where
   * a proxy is trusted, is.
   */
  get callerName(): string {
    const { caller = ANONYMOUS } = this
    if (caller !== ANONYMOUS) return caller
    const forwarded = this.#request.headers['x-forwarded-for']
    if (forwarded !== undefined) checkFieldSize('X-Forwarded-For', String(forwarded))
    return `address ${addressBlock(this.#request.ip)}`
  }
}

const CONTEXT = Symbol('context')

/** The context of a request; the same object for whoever asks. */
export function contextOf(request: FastifyRequest): RequestContext {
  const carrier: FastifyRequest & { [CONTEXT]?: RequestContext } = request
  carrier[CONTEXT] ??= new RequestContext(request)
  return carrier[CONTEXT]
}

/**
 * The block of addresses that counts as one caller: an IPv4 address, but of IPv6 the first 64 bits,
 * since the rest is for the host to choose (RFC 4291 2.5.1): it has more addresses than anybody can
 * count. What is no address, as a proxy that is trusted blindly may pass on, is one caller together.
 */
export function addressBlock(address: string | undefined): string {
  const [bare = ''] = (address ?? '').split('%')
  // How IPv4 looks on a socket that listens for both.
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1]
  const version = isIP(mapped ?? bare)
  if (version === 0) return 'unknown'
  return version === 4 ? (mapped ?? bare) : `${groupsOf(bare).slice(0, 4).join(':')}::/64`
}

/** All eight groups of an IPv6 address, however it is written. */
function groupsOf(address: string): string[] {
  // The URL parser writes it in the one canonical form (RFC 5952).
  const [left = '', right = ''] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (part: string) => part.split(':').filter(group => group !== '')
  const first = groups(left)
  const last = groups(right)
  return [...first, ...Array(8 - first.length - last.length).fill('0'), ...last]
}

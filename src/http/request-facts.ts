import type { FastifyRequest } from 'fastify'
import { ANONYMOUS } from '../api-keys.ts'
import type { LookupResult } from '../cache/lookup.ts'
import type { Problem } from '../problems.ts'
import type { Caller } from '../waiting-callers.ts'
import { addressBlock } from './address-block.ts'
import { checkFieldSize } from './field-size.ts'

/** What has become known of a request by the time it is answered, for its log line and for metrics. */
export class RequestFacts implements Caller {
  readonly #request: FastifyRequest
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
  limitFields: string[] | undefined = undefined
  /** Fields that let the page of another origin read the answer, flat; undefined where none may. */
  corsFields: string[] | undefined = undefined
  /** Members that tie its log line to a trace; undefined where there is none. */
  logIds: Record<string, string> | undefined = undefined
  /** What the answer tells of instead of what was asked for. */
  problem: Problem | undefined = undefined

  constructor(request: FastifyRequest) {
    this.#request = request
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

const FACTS = Symbol('facts')

/** The facts of a request; the same object for whoever asks. */
export function factsOf(request: FastifyRequest): RequestFacts {
  const carrier: FastifyRequest & { [FACTS]?: RequestFacts } = request
  carrier[FACTS] ??= new RequestFacts(request)
  return carrier[FACTS]
}

import type { FastifyRequest } from 'fastify'
import type { LookupResult } from '../cache/lookup.ts'
import type { Problem } from '../problems.ts'

/** What has become known of a request by the time it is answered, for its log line and for metrics. */
export interface RequestFacts {
  /** On the monotonic clock; undefined when it was refused before any hook ran. */
  receivedAtMs: number | undefined
  /** The name of its API key; undefined where none was asked for or the one sent is not known. */
  caller: string | undefined
  /** Whose list it asked for, canonical. */
  userId: string | undefined
  /** How the cache answered; undefined when it was not asked. */
  result: LookupResult | undefined
  /** The same as a field (RFC 9211). */
  cacheStatus: string | undefined
  /** Requests to Spotify that its lookup caused. */
  spotifyRequests: number
  /** Fields that tell the caller what is left of its limit, flat; undefined where there is none. */
  limitFields: string[] | undefined
  /** Fields that let the page of another origin read the answer, flat; undefined where none may. */
  corsFields: string[] | undefined
  /** Members that tie its log line to a trace; undefined where there is none. */
  logIds: Record<string, string> | undefined
  /** What the answer tells of instead of what was asked for. */
  problem: Problem | undefined
}

const FACTS = Symbol('facts')

/** The facts of a request; the same object for whoever asks. */
export function factsOf(request: FastifyRequest): RequestFacts {
  const carrier: FastifyRequest & { [FACTS]?: RequestFacts } = request
  carrier[FACTS] ??= {
    receivedAtMs: undefined,
    caller: undefined,
    userId: undefined,
    result: undefined,
    cacheStatus: undefined,
    spotifyRequests: 0,
    limitFields: undefined,
    corsFields: undefined,
    logIds: undefined,
    problem: undefined,
  }
  return carrier[FACTS]
}

import type { FastifyRequest } from 'fastify'
import { ANONYMOUS } from '../api-keys.ts'

/** What has become known of a request by the time it is answered, for its log line and for metrics. */
export interface RequestFacts {
  /** The name of its API key. */
  caller: string
}

const FACTS = Symbol('facts')

/** The facts of a request; the same object for whoever asks. */
export function factsOf(request: FastifyRequest): RequestFacts {
  const carrier: FastifyRequest & { [FACTS]?: RequestFacts } = request
  carrier[FACTS] ??= { caller: ANONYMOUS }
  return carrier[FACTS]
}

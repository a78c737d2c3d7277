import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Level, Logger } from 'pino'
import type { Clock } from '../lib/clock.ts'
import type { AppInstance } from './app-instance.ts'
import { InFlightResponses } from './in-flight-responses.ts'
import { contextOf, type RequestContext } from './request-context.ts'

/** The status of an answer that nobody waited for, as web servers write it in their logs. */
export const CLIENT_CLOSED_REQUEST = 499

/** An answer that is out, or that nobody waits for any more. */
export interface SentResponse {
  /** The path and query that were asked for. */
  readonly url: string
  readonly status: number
  readonly durationMs: number
  readonly context: RequestContext
  readonly requestId: string
  readonly log: Pick<Logger, Level | 'isLevelEnabled'>
}

/** Told of every answer once it is out. */
export type ResponseObserver = (answer: SentResponse) => void

/** Tells the observer of the responses of all routes. Returns those that are not out yet. */
export function observeResponses(
  app: AppInstance,
  clock: Clock,
  observe: ResponseObserver,
): InFlightResponses {
  const open = new InFlightResponses(({ request }) =>
    observe(answerOf(request, CLIENT_CLOSED_REQUEST, clock)),
  )
  app.addHook('onRequest', (request, reply, done) => {
    contextOf(request).receivedAtMs = clock.monotonic()
    open.begin(reply)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    // Node 20 says that a response is finished when its connection is destroyed with bytes left.
    const status = request.socket.destroyed ? CLIENT_CLOSED_REQUEST : reply.raw.statusCode
    if (open.end(reply)) observe(answerOf(request, status, clock))
    done()
  })
  return open
}

/** Tells the observer of an answer for which no hook runs. */
export function observeResponse(
  request: FastifyRequest,
  { raw }: FastifyReply,
  clock: Clock,
  observe: ResponseObserver,
): void {
  raw.once('finish', () => observe(answerOf(request, raw.statusCode, clock)))
}

function answerOf(request: FastifyRequest, status: number, clock: Clock): SentResponse {
  const context = contextOf(request)
  const nowMs = clock.monotonic()
  return {
    url: request.url,
    status,
    durationMs: nowMs - (context.receivedAtMs ?? nowMs),
    context,
    requestId: request.id,
    // As it was handed to Fastify, whose type of it has less.
    log: request.log as Logger,
  }
}

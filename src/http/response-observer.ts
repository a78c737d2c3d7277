import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../lib/clock.ts'
import type { AppInstance } from './app-instance.ts'
import { InFlightResponses } from './in-flight-responses.ts'
import { contextOf, type RequestContext } from './request-context.ts'

/** The status logged if the client did not wait for the response; an nginx convention. */
export const CLIENT_CLOSED_REQUEST = 499

/** The parts of a response counted in the metrics. */
export interface MeasuredResponse {
  readonly status: number
  readonly durationMs: number
  readonly context: Pick<RequestContext, 'route' | 'caller' | 'result' | 'problem'>
}

/** A response that was sent, or cut off when the client closed the connection. */
export interface SentResponse extends MeasuredResponse {
  readonly context: RequestContext
  readonly request: FastifyRequest
}

/** Called after each response. */
export type ResponseObserver = (response: SentResponse) => void

/** Returns the status to observe when a response has ended: 499 if the connection closed first. */
export function finalStatus({ req, statusCode }: ServerResponse): number {
  // Node 20 reports a response as finished if the connection is destroyed with bytes left.
  return req.socket.destroyed ? CLIENT_CLOSED_REQUEST : statusCode
}

/** Calls the observer after each response on every route. Returns the in-flight responses. */
export function observeResponses(
  app: AppInstance,
  clock: Clock,
  observe: ResponseObserver,
): InFlightResponses {
  const inFlight = new InFlightResponses()
  app.addHook('onRequest', (request, reply, done) => {
    contextOf(request).receivedAtMs = clock.monotonic()
    inFlight.begin(reply.raw, () => observe(sentResponse(request, CLIENT_CLOSED_REQUEST, clock)))
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    if (inFlight.end(reply.raw)) observe(sentResponse(request, finalStatus(reply.raw), clock))
    done()
  })
  return inFlight
}

/** Calls the observer after a response for which no hooks run. */
export function observeResponse(
  request: FastifyRequest,
  { raw }: FastifyReply,
  clock: Clock,
  observe: ResponseObserver,
): void {
  raw.once('finish', () => observe(sentResponse(request, raw.statusCode, clock)))
}

function sentResponse(request: FastifyRequest, status: number, clock: Clock): SentResponse {
  const context = contextOf(request)
  const nowMs = clock.monotonic()
  return { status, durationMs: nowMs - (context.receivedAtMs ?? nowMs), context, request }
}

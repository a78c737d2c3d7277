import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Level, Logger } from 'pino'
import type { Clock } from '../lib/clock.ts'
import type { AppInstance } from './app-instance.ts'
import { OpenAnswers } from './in-flight-responses.ts'
import { factsOf, type RequestFacts } from './request-context.ts'

/** The status of an answer that nobody waited for, as web servers write it in their logs. */
export const CALLER_LEFT = 499

/** An answer that is out, or that nobody waits for any more. */
export interface Answer {
  /** The path and query that were asked for. */
  readonly url: string
  readonly status: number
  readonly durationMs: number
  readonly facts: RequestFacts
  readonly requestId: string
  readonly log: Pick<Logger, Level | 'isLevelEnabled'>
}

/** Told of every answer once it is out. */
export type AnswerObserver = (answer: Answer) => void

/** Tells the observer of the answers of all routes. Returns those that are not out yet. */
export function observeAnswers(
  app: AppInstance,
  clock: Clock,
  observe: AnswerObserver,
): OpenAnswers {
  const open = new OpenAnswers(({ request }) => observe(answerOf(request, CALLER_LEFT, clock)))
  app.addHook('onRequest', (request, reply, done) => {
    factsOf(request).receivedAtMs = clock.monotonic()
    open.begin(reply)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    // Node 20 says that a response is finished when its connection is destroyed with bytes left.
    const status = request.socket.destroyed ? CALLER_LEFT : reply.raw.statusCode
    if (open.end(reply)) observe(answerOf(request, status, clock))
    done()
  })
  return open
}

/** Tells the observer of an answer for which no hook runs. */
export function observeAnswer(
  request: FastifyRequest,
  { raw }: FastifyReply,
  clock: Clock,
  observe: AnswerObserver,
): void {
  raw.once('finish', () => observe(answerOf(request, raw.statusCode, clock)))
}

function answerOf(request: FastifyRequest, status: number, clock: Clock): Answer {
  const facts = factsOf(request)
  const nowMs = clock.monotonic()
  return {
    url: request.url,
    status,
    durationMs: nowMs - (facts.receivedAtMs ?? nowMs),
    facts,
    requestId: request.id,
    // As it was handed to Fastify, whose type of it has less.
    log: request.log as Logger,
  }
}

import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AppInstance } from './app-instance.ts'
import { factsOf, type RequestFacts } from './request-facts.ts'

/** An answer that is out. */
export interface Answer {
  /** The pattern of its route; undefined when none fits. */
  readonly route: string | undefined
  readonly status: number
  readonly durationMs: number
  readonly facts: RequestFacts
}

/** Told of every answer once it is out. */
export type AnswerObserver = (answer: Answer) => void

/** Tells the observer of the answers of all routes. */
export function observeAnswers(app: AppInstance, observe: AnswerObserver): void {
  app.addHook('onResponse', (request, reply, done) => {
    observe(answerOf(request, reply))
    done()
  })
}

/** The answer, which is out. */
export function answerOf(request: FastifyRequest, reply: FastifyReply): Answer {
  return {
    route: request.routeOptions.url,
    status: reply.raw.statusCode,
    durationMs: reply.elapsedTime,
    facts: factsOf(request),
  }
}

import type { FastifyRequest } from 'fastify'
import type { Clock } from '../lib/clock.ts'
import type { FixedWindow, FixedWindowCount } from '../lib/fixed-window.ts'
import { Problem } from '../problems/problem.ts'
import type { AppInstance } from './app-instance.ts'
import { contextOf } from './request-context.ts'

export const WINDOW_SECONDS = 60

/** A counted request from a caller. */
export interface CountedRequest {
  /** The draft-ietf-httpapi-ratelimit-headers-10 fields, flat: name, value, name, … */
  readonly fields: string[]
  /** Set if the request exceeds the limit. */
  readonly problem: Problem | undefined
}

/** Turns a caller's count into response fields. */
export type CallerLimit = (count: FixedWindowCount) => CountedRequest

/** Makes a limit on each caller's requests per window. */
export function callerLimit(limit: number, clock: Clock): CallerLimit {
  const policy = `"caller";q=${limit};w=${WINDOW_SECONDS}`
  return ({ used, leftMs }) => {
    const remaining = `"caller";r=${Math.max(0, limit - used)};t=${Math.ceil(leftMs / 1000)}`
    const fields = ['ratelimit-policy', policy, 'ratelimit', remaining]
    if (used <= limit) return { fields, problem: undefined }
    const detail = `This caller may send ${limit} requests in ${WINDOW_SECONDS} seconds. Retry after the number of seconds in Retry-After.`
    const retryAt = clock.now() + leftMs
    return { fields, problem: new Problem('caller-rate-limited', detail, { retryAt }) }
  }
}

/**
 * Limits requests per caller: beyond the limit, a caller gets 429 `caller-rate-limited`. Callers are identified
 * by API key name, else by address. Health checks are unlimited. Call this after `authenticate`.
 */
export function limitCallers(app: AppInstance, counts: FixedWindow, limit: CallerLimit): void {
  function check(count: FixedWindowCount, request: FastifyRequest): Problem | undefined {
    const { fields, problem } = limit(count)
    contextOf(request).rateLimitFields = fields
    return problem
  }

  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.url?.startsWith('/health/')) return done()
    const count = counts.count(contextOf(request).callerName)
    if (count instanceof Promise) count.then(shared => done(check(shared, request)), done)
    else done(check(count, request))
  })
}

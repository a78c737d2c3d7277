import type { FastifyRequest } from 'fastify'
import type { Clock } from '../lib/clock.ts'
import type { CallerCount, CallerCounts } from '../lib/fixed-window.ts'
import { Problem } from '../problems/problem.ts'
import type { AppInstance } from './app-instance.ts'
import { contextOf } from './request-context.ts'

export const WINDOW_SECONDS = 60

export interface CallerLimitOptions {
  /** Requests in a window. */
  limit: number
  counts: CallerCounts
  clock: Clock
}

/**
 * Answers a caller that asks too often with 429 `caller-rate-limited`, and tells every caller with
 * each answer what it has left, in the fields of draft-ietf-httpapi-ratelimit-headers-10. A caller is
 * the name of a key or, on routes that want none, an address; health checks have no limit. To be
 * called after `authenticate`.
 */
export function limitCallers(app: AppInstance, { limit, counts, clock }: CallerLimitOptions): void {
  const policy = `"caller";q=${limit};w=${WINDOW_SECONDS}`

  function verdict({ used, leftMs }: CallerCount, request: FastifyRequest): Problem | undefined {
    const left = `"caller";r=${Math.max(0, limit - used)};t=${Math.ceil(leftMs / 1000)}`
    contextOf(request).rateLimitFields = ['ratelimit-policy', policy, 'ratelimit', left]
    if (used <= limit) return undefined
    const detail = `This caller may ask ${limit} times in ${WINDOW_SECONDS} seconds. Ask again after the seconds in Retry-After.`
    return new Problem('caller-rate-limited', detail, { retryAt: clock.now() + leftMs })
  }

  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.url?.startsWith('/health/')) return done()
    const count = counts.count(contextOf(request).callerName)
    if (count instanceof Promise) count.then(known => done(verdict(known, request)), done)
    else done(verdict(count, request))
  })
}

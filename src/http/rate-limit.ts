import type { FastifyRequest } from 'fastify'
import type { Clock } from '../lib/clock.ts'
import type { FixedWindow, FixedWindowCount } from '../lib/fixed-window.ts'
import { Problem } from '../problems/problem.ts'
import type { AppInstance } from './app-instance.ts'
import { contextOf } from './request-context.ts'

export const WINDOW_SECONDS = 60

export interface CallerLimitOptions {
  /** Maximum requests per window. */
  limit: number
  counts: FixedWindow
  clock: Clock
}

/**
 * Limits the requests of each caller: beyond the limit it gets 429 `caller-rate-limited`. Every
 * response has the fields of draft-ietf-httpapi-ratelimit-headers-10. The name of the API key, or the
 * address on routes without one, identifies a caller. Health checks have no limit. Call it after
 * `authenticate`.
 */
export function limitCallers(app: AppInstance, { limit, counts, clock }: CallerLimitOptions): void {
  const policy = `"caller";q=${limit};w=${WINDOW_SECONDS}`

  function check({ used, leftMs }: FixedWindowCount, request: FastifyRequest): Problem | undefined {
    const remaining = `"caller";r=${Math.max(0, limit - used)};t=${Math.ceil(leftMs / 1000)}`
    contextOf(request).rateLimitFields = ['ratelimit-policy', policy, 'ratelimit', remaining]
    if (used <= limit) return undefined
    const detail = `This caller may send ${limit} requests in ${WINDOW_SECONDS} seconds. Retry after the seconds in Retry-After.`
    return new Problem('caller-rate-limited', detail, { retryAt: clock.now() + leftMs })
  }

  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.url?.startsWith('/health/')) return done()
    const count = counts.count(contextOf(request).callerName)
    if (count instanceof Promise) count.then(shared => done(check(shared, request)), done)
    else done(check(count, request))
  })
}

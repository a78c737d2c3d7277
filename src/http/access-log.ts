import type { Logger } from 'pino'
import { loggableTarget } from '../lib/loggable-target.ts'
import { causeCode } from '../lib/logger.ts'
import type { Problem } from '../problems/problem.ts'
import { CLIENT_CLOSED_REQUEST, type SentResponse } from './response-observer.ts'

/** The routes that machines poll every few seconds. */
export const POLLED = ['/health/live', '/health/ready', '/metrics']

/**
 * Writes one log line per response, at `debug` for cache hits and polled routes because they are frequent. Only
 * internal errors are logged with a stack; other problems explain themselves.
 */
export function logResponse(response: SentResponse): void {
  const { status, durationMs, context, request } = response
  // Fastify's logger type has fewer members.
  const log = request.log as Logger
  const level = levelOf(response)
  // Most responses are hits, whose level is usually disabled.
  if (!log.isLevelEnabled(level)) return
  const { route, caller, userId, result, cacheStatus, spotifyRequests, problem } = context
  const line = {
    request_id: request.id,
    ...context.logIds,
    route: route ?? null,
    status,
    duration_ms: Math.round(durationMs * 10) / 10,
    caller,
    user_id: userId,
    cache_status: cacheStatus,
    spotify_requests: result === undefined ? undefined : spotifyRequests,
    problem: problem?.type,
    path: problem === undefined ? undefined : loggableTarget(request.url),
    cause_code: problem === undefined ? undefined : networkCode(problem),
    err: problem?.type === 'internal-error' ? problem : undefined,
  }
  log[level](line, messageOf(response))
}

/** The error code for a network failure: name resolution, connection, TLS or decoding. */
function networkCode(problem: Problem): string | undefined {
  const isNetwork =
    problem.type === 'spotify-unavailable' || problem.type === 'spotify-bad-response'
  return isNetwork ? causeCode(problem) : undefined
}

function levelOf({ status, context: { route, result, problem } }: SentResponse) {
  if (problem?.type === 'internal-error') return 'error'
  if (result === 'hit') return 'debug'
  if (problem !== undefined) return problem.status < 500 ? 'info' : 'warn'
  return status < 400 && POLLED.includes(String(route)) ? 'debug' : 'info'
}

function messageOf({ status, context: { problem } }: SentResponse): string {
  if (status === CLIENT_CLOSED_REQUEST) return 'client closed request'
  if (problem === undefined) return 'request completed'
  return problem.type === 'internal-error' ? 'internal error' : problem.message
}

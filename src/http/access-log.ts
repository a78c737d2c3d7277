import { loggableTarget } from '../lib/loggable-target.ts'
import { causeCode } from '../lib/logger.ts'
import type { Problem } from '../problems/problem.ts'
import { CLIENT_CLOSED_REQUEST, type SentResponse } from './response-observer.ts'

/** Asked every few seconds by machines, which say themselves when something is wrong. */
export const POLLED = ['/health/live', '/health/ready', '/metrics']

/**
 * Writes the one line of an answer. Plain hits and what machines poll are too many to be worth a
 * line each, and are told at `debug`. Only a bug is worth its stack; everything else is explained by
 * the problem itself.
 */
export function logResponse(answer: SentResponse): void {
  const { url, status, durationMs, context, requestId, log } = answer
  const level = levelOf(answer)
  // Most answers are hits, whose lines are then not even put together.
  if (!log.isLevelEnabled(level)) return
  const { route, caller, userId, result, cacheStatus, spotifyRequests, problem } = context
  const line = {
    request_id: requestId,
    ...context.logIds,
    route: route ?? null,
    status,
    duration_ms: Math.round(durationMs * 10) / 10,
    caller,
    user_id: userId,
    cache_status: cacheStatus,
    spotify_requests: result === undefined ? undefined : spotifyRequests,
    problem: problem?.type,
    path: problem === undefined ? undefined : loggableTarget(url),
    cause_code: problem === undefined ? undefined : networkCode(problem),
    err: problem?.type === 'internal-error' ? problem : undefined,
  }
  log[level](line, messageOf(answer))
}

/** Why Spotify could not be reached or read: name resolution, connection, TLS, decoding. */
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
  if (status === CLIENT_CLOSED_REQUEST) return 'the caller left'
  if (problem === undefined) return 'answered'
  return problem.type === 'internal-error' ? 'a bug' : problem.message
}

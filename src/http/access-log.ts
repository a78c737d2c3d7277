import { loggableTarget } from '../lib/loggable-target.ts'
import { causeCode } from '../lib/logger.ts'
import type { Problem } from '../problems/problem.ts'
import { type Answer, CALLER_LEFT } from './response-observer.ts'

/** Asked every few seconds by machines, which say themselves when something is wrong. */
export const POLLED = ['/health/live', '/health/ready', '/metrics']

/**
 * Writes the one line of an answer. Plain hits and what machines poll are too many to be worth a
 * line each, and are told at `debug`. Only a bug is worth its stack; everything else is explained by
 * the problem itself.
 */
export function logAnswer(answer: Answer): void {
  const { url, status, durationMs, facts, requestId, log } = answer
  const level = levelOf(answer)
  // Most answers are hits, whose lines are then not even put together.
  if (!log.isLevelEnabled(level)) return
  const { route, caller, userId, result, cacheStatus, spotifyRequests, problem } = facts
  const line = {
    request_id: requestId,
    ...facts.logIds,
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

function levelOf({ status, facts: { route, result, problem } }: Answer) {
  if (problem?.type === 'internal-error') return 'error'
  if (result === 'hit') return 'debug'
  if (problem !== undefined) return problem.status < 500 ? 'info' : 'warn'
  return status < 400 && POLLED.includes(String(route)) ? 'debug' : 'info'
}

function messageOf({ status, facts: { problem } }: Answer): string {
  if (status === CALLER_LEFT) return 'the caller left'
  if (problem === undefined) return 'answered'
  return problem.type === 'internal-error' ? 'a bug' : problem.message
}

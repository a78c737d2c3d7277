import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { PlaylistPage } from './page.ts'
import type { SandboxRequest } from './requests.ts'

/** A request and the means to respond. */
export interface AnswerContext {
  readonly request: SandboxRequest
  readonly res: ServerResponse
  /** The connection behind `res`, for answers that break it. */
  readonly socket: Socket
  /** The sandbox address according to the client, `http://host:port`. */
  readonly origin: string
  /** Creates the page a healthy sandbox would send. */
  page(): PlaylistPage
}

/** Responds to one request, or deliberately not. */
export type Answer = (context: AnswerContext) => void

/** A plain text response, unless `headers` set another content type. */
export function status(code: number, body: string, headers: OutgoingHttpHeaders = {}): Answer {
  return ({ res }) => send(res, code, body, { 'content-type': 'text/plain', ...headers })
}

export function json(code: number, value: unknown, headers: OutgoingHttpHeaders = {}): Answer {
  return ({ res }) => sendJson(res, code, value, headers)
}

/**
 * The rate limit's 429. `retryAfter` becomes the Retry-After field unchecked, so it can be a date or malformed.
 * Without it, the response has no such field, as sometimes with Spotify.
 */
export function rateLimited(retryAfter?: string, body = 'Too many requests'): Answer {
  return status(429, body, retryAfter === undefined ? {} : { 'retry-after': retryAfter })
}

/**
 * A Web API error.
 * https://developer.spotify.com/documentation/web-api/concepts/api-calls#regular-error-object
 */
export function apiError(
  code: number,
  message: string,
  headers: OutgoingHttpHeaders = {},
  reason?: string,
): Answer {
  return json(code, { error: { status: code, message, reason } }, headers)
}

export function sendJson(
  res: ServerResponse,
  code: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  const type = { 'content-type': 'application/json; charset=utf-8' }
  send(res, code, JSON.stringify(value), { ...type, ...headers })
}

/** Sends a response with Content-Length. */
export function send(
  res: ServerResponse,
  code: number,
  body: string | Buffer,
  headers: OutgoingHttpHeaders = {},
): void {
  res.writeHead(code, { 'content-length': Buffer.byteLength(body), ...headers }).end(body)
}

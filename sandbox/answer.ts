import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { PlaylistPage } from './page.ts'
import type { SandboxRequest } from './requests.ts'

/** What an answer has to work with. */
export interface AnswerContext {
  readonly request: SandboxRequest
  readonly res: ServerResponse
  /** The connection below `res`, for answers that break it. */
  readonly socket: Socket
  /** The sandbox's own address as the client knows it, `http://host:port`. */
  readonly origin: string
  /** The page a healthy sandbox would send, made anew for each call. */
  page(): PlaylistPage
}

/** Answers one request in some way, or on purpose not at all. */
export type Answer = (context: AnswerContext) => void

/** A whole answer of plain text, unless `headers` name another content type. */
export function status(code: number, body: string, headers: OutgoingHttpHeaders = {}): Answer {
  return ({ res }) => send(res, code, body, { 'content-type': 'text/plain', ...headers })
}

/** A whole answer of JSON. */
export function json(code: number, value: unknown, headers: OutgoingHttpHeaders = {}): Answer {
  return ({ res }) => sendJson(res, code, value, headers)
}

/**
 * 429 as the rate limit sends it. `retryAfter` becomes the Retry-After field as it stands, so a
 * date or nonsense is possible too; without it the field is missing, which also happens.
 */
export function rateLimited(retryAfter?: string, body = 'Too many requests'): Answer {
  return status(429, body, retryAfter === undefined ? {} : { 'retry-after': retryAfter })
}

/**
 * The Web API's error shape.
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

/** Writes a whole JSON answer. */
export function sendJson(
  res: ServerResponse,
  code: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  const type = { 'content-type': 'application/json; charset=utf-8' }
  send(res, code, JSON.stringify(value), { ...type, ...headers })
}

/** Writes a whole answer with its length. */
export function send(
  res: ServerResponse,
  code: number,
  body: string | Buffer,
  headers: OutgoingHttpHeaders = {},
): void {
  res.writeHead(code, { 'content-length': Buffer.byteLength(body), ...headers }).end(body)
}

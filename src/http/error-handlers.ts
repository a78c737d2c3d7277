import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../lib/clock.ts'
import { loggablePath } from '../lib/loggable-target.ts'
import {
  asProblem,
  PROBLEM_TYPE,
  Problem,
  type ProblemType,
  problemBody,
  retryAfterSeconds,
} from '../problems/problem.ts'
import { prefersPage, varyByAccept } from './accept.ts'
import type { AppInstance } from './app-instance.ts'
import { PAGE_FIELDS } from './pages/layout.ts'
import { problemPage } from './pages/problem-page.ts'
import { isMirrorPath, OWNER_ROOT } from './paths.ts'
import { contextOf } from './request-context.ts'
import { observeResponse, type ResponseObserver } from './response-observer.ts'
import { commonFields, sendPage, setFields } from './send.ts'
import { invalidQuery, type QuerySchema } from './validation.ts'

export interface ProblemOptions {
  clock: Clock
  /** The path added by a proxy in front, from `basePathOf`. Links in problems begin with it. */
  basePath: string
}

/** Turns every route error into a problem (RFC 9457). */
export function handleErrors(app: AppInstance, options: ProblemOptions): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    sendProblem(problemOf(error, request), options, request, reply)
  })
}

/** Handles requests that Fastify refuses before routing, such as a broken percent-escape. */
export function frameworkProblems(options: ProblemOptions, observe: ResponseObserver) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    setFields(reply, commonFields(request))
    // Fastify runs no hook for such a request.
    observeResponse(request, reply, options.clock, observe)
    sendProblem(problemOf(error, request), options, request, reply)
  }
}

/** Problems by error code of Node's HTTP parser. */
const PARSER_PROBLEMS: Record<string, [ProblemType, string]> = {
  HPE_HEADER_OVERFLOW: [
    'headers-too-large',
    'The request line and headers are larger than 16 KiB together.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'The request did not arrive in time.'],
}

/** Responds to input refused by Node's parser. Node passes only the socket, since there is no request. */
export function parserProblems({ clock, basePath }: ProblemOptions, log: FastifyBaseLogger) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    // The client would mistake this problem for the response still in flight.
    const isAnswering = (socket as Socket & { _httpMessage?: unknown })._httpMessage != null
    // After `Connection: close` the server ignores what follows (RFC 9112 9.6).
    if (isAnswering && error.code === 'HPE_CLOSED_CONNECTION') return
    if (isAnswering || !socket.writable) {
      socket.destroy()
      return
    }
    const [type, detail] = PARSER_PROBLEMS[String(error.code)] ?? [
      'bad-request',
      'This is not a valid HTTP request.',
    ]
    const problem = new Problem(type, detail)
    const requestId = randomUUID()
    log.info({ request_id: requestId, status: problem.status, problem: type }, problem.message)
    const body = JSON.stringify(problemBody(problem, '', requestId, basePath))
    const head = [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${requestId}`,
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
      `Date: ${new Date(clock.now()).toUTCString()}`,
      'Connection: close',
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  }
}

/**
 * Sends the problem as JSON (RFC 9457) or, to browsers, as a page. Below the mirror root the response uses
 * Spotify's error format, for Spotify clients:
 * https://developer.spotify.com/documentation/web-api/concepts/api-calls
 */
function sendProblem(
  problem: Problem,
  { clock, basePath }: ProblemOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const context = contextOf(request)
  context.problem = problem
  const { retryAt } = problem
  const retry =
    retryAt === undefined
      ? undefined
      : { at: retryAt, seconds: retryAfterSeconds(retryAt, clock.now()) }
  if (retry !== undefined) reply.header('retry-after', retry.seconds)
  // The list route has already set this field if the problem is a cached 404.
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  const path = loggablePath(request.url)
  const body = problemBody(problem, basePath + path, request.id, basePath)
  reply.code(problem.status)
  if (isMirrorPath(path)) {
    sendJson(reply, 'application/json', { error: body.error })
    return
  }
  varyByAccept(reply)
  if (!prefersPage(request.url, request.headers.accept)) {
    sendJson(reply, PROBLEM_TYPE, body)
    return
  }
  const isForOwner = context.route?.startsWith(`${OWNER_ROOT}/`) ?? false
  const page = problemPage({ problem, body, retry, basePath, isForOwner })
  sendPage(reply, page, PAGE_FIELDS)
}

/** Sends a Buffer: for a string, Fastify would add a charset parameter to the media type. */
function sendJson(reply: FastifyReply, mediaType: string, body: object): void {
  reply.header('content-type', mediaType).send(Buffer.from(JSON.stringify(body)))
}

/** The parts of a route schema that requests can violate. */
interface RouteSchema {
  body?: { description: string }
  querystring: QuerySchema
}

function problemOf(error: FastifyError, request: FastifyRequest): Problem {
  const [fault] = error.validation ?? []
  if (fault !== undefined) {
    const { querystring } = request.routeOptions.schema as RouteSchema
    return error.validationContext === 'body'
      ? new Problem('bad-request', expectedBody(request))
      : invalidQuery(fault.instancePath.slice(1), querystring)
  }
  if (error.code === 'FST_ERR_BAD_URL') {
    return /^(?:\/v1)?\/users\//.test(request.url)
      ? new Problem('invalid-user-id', 'Parameter "id": it has a broken percent-escape.')
      : new Problem('bad-request', 'The path has a broken percent-escape.')
  }
  if (error.code === 'FST_ERR_MAX_PARAM_LENGTH') {
    if (request.url.startsWith(`${OWNER_ROOT}/`)) {
      return new Problem('link-invalid', 'This address is far longer than any of this service.')
    }
    return new Problem('invalid-user-id', 'Parameter "id": it is far longer than any user id.')
  }
  // Fastify's body parser has refused the body's type, length or syntax.
  if (error.code?.startsWith('FST_ERR_CTP_')) {
    return new Problem('bad-request', expectedBody(request), { cause: error })
  }
  return asProblem(error)
}

/** Describes the body this route expects. */
function expectedBody({ routeOptions: { schema = {} } }: FastifyRequest): string {
  const { body } = schema as Partial<RouteSchema>
  return body === undefined
    ? 'Send this request without a body and without the header Content-Type.'
    : `The body must be ${body.description}.`
}

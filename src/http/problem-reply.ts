import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import { asProblem, Problem, problemBody, retryAfterSeconds } from '../problems.ts'
import type { AppInstance } from './app-instance.ts'
import { setCommonHeaders } from './common-headers.ts'

const MEDIA_TYPE = 'application/problem+json'

/** Turns whatever goes wrong in a route, or finds none, into a problem (RFC 9457). */
export function answerWithProblems(app: AppInstance, clock: Clock): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    sendProblem(problemOf(error, request), clock, request, reply)
  })
  app.setNotFoundHandler((request, reply) => {
    const hint = 'The playlists of a user are at /users/{id}/playlists, the id percent-encoded.'
    sendProblem(new Problem('not-found', `There is nothing here. ${hint}`), clock, request, reply)
  })
}

/** Answers what Fastify refuses before it looks for a route, such as a broken percent-escape. */
export function frameworkProblems(clock: Clock) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    setCommonHeaders(request, reply)
    sendProblem(problemOf(error, request), clock, request, reply)
  }
}

/** Answers what Node's parser refuses: there is no request yet, just a socket. */
export function parserProblem(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW'
  const status = tooLarge ? '431 Request Header Fields Too Large' : '400 Bad Request'
  const detail = tooLarge
    ? 'The request line and headers are larger than 16 KiB together.'
    : 'This is not a valid HTTP request.'
  const body = JSON.stringify(problemBody(new Problem('bad-request', detail), '', ''))
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${MEDIA_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function sendProblem(
  problem: Problem,
  clock: Clock,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  log(problem, request)
  if (problem.retryAt !== undefined) {
    reply.header('retry-after', retryAfterSeconds(problem.retryAt, clock.now()))
  }
  const [instance = ''] = request.url.split('?')
  const body = JSON.stringify(problemBody(problem, instance, request.id))
  reply
    .code(problem.status)
    .header('content-type', MEDIA_TYPE)
    .header('cache-control', 'no-store')
    // A Buffer, since Fastify adds a charset parameter to strings, which this media type lacks.
    .send(Buffer.from(body))
}

/** Only a bug is worth its stack; everything else is explained by the problem itself. */
function log(problem: Problem, request: FastifyRequest): void {
  const line = { status: problem.status, problem: problem.type, path: request.url }
  if (problem.type === 'internal-error') {
    request.log.error({ ...line, err: problem }, 'a bug')
  } else {
    request.log[problem.status < 500 ? 'info' : 'warn'](line, problem.message)
  }
}

function problemOf(error: FastifyError, request: FastifyRequest): Problem {
  const [fault] = error.validation ?? []
  if (fault !== undefined) return invalidQuery(fault.instancePath.slice(1), request)
  if (error.code === 'FST_ERR_BAD_URL') {
    const detail = 'Parameter "id": the path has a broken percent-escape.'
    return new Problem('invalid-user-id', detail)
  }
  if (error.statusCode !== undefined && error.statusCode < 500 && error.code?.startsWith('FST_')) {
    return new Problem('bad-request', 'The server cannot read this request.', { cause: error })
  }
  return asProblem(error)
}

/** The description in the route's schema says what is allowed. */
function invalidQuery(name: string, request: FastifyRequest): Problem {
  const schema = request.routeOptions.schema?.querystring as {
    properties: Record<string, { description: string }>
  }
  return new Problem(
    'invalid-query',
    `Parameter "${name}" must be ${schema.properties[name]?.description}.`,
  )
}

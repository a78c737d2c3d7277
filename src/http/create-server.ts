import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import type { TrustProxy } from '../config/trust-proxy.ts'
import { logResponse } from './access-log.ts'
import type { AppInstance } from './app-instance.ts'
import {
  frameworkProblems,
  handleErrors,
  type ProblemOptions,
  parserProblems,
} from './error-handlers.ts'
import type { InFlightResponses } from './in-flight-responses.ts'
import { checkHost, originForm } from './origin.ts'
import { requestId } from './request-id.ts'
import { observeResponses, type ResponseObserver } from './response-observer.ts'
import { commonFields, setFields } from './send.ts'

/** Enough for a link with a user id of 256 bytes, percent-encoded twice. */
const MAX_PARAM_LENGTH = 4096
const REQUEST_TIMEOUT_MS = 30_000

export interface ServerOptions extends ProblemOptions {
  trustProxy?: TrustProxy | undefined
  logger: FastifyBaseLogger
  /** Called after each response, once the log has its line. */
  observe: ResponseObserver
}

/**
 * Creates a Fastify instance without routes. It turns every failure into a problem, and tracks in-flight
 * responses.
 */
export function createServer(options: ServerOptions): {
  app: AppInstance
  responses: InFlightResponses
} {
  const { trustProxy = false, logger } = options
  const observe: ResponseObserver = response => {
    logResponse(response)
    options.observe(response)
  }
  const app: AppInstance = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // A child logger costs more than most requests. `logResponse` logs the request id.
    childLoggerFactory: log => log,
    genReqId: requestId,
    trustProxy,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    // Startup and shutdown hooks have their own time limits.
    pluginTimeout: 0,
    frameworkErrors: frameworkProblems(options, observe),
    clientErrorHandler: parserProblems(options, logger),
    // Node would refuse a missing `Host` itself, without a body. `checkHost` refuses a joined `Host`.
    http: { requireHostHeader: false, joinDuplicateHeaders: true },
    rewriteUrl: originForm,
  }).withTypeProvider<TypeBoxTypeProvider>()
  // Compiled serializers would not pay off for these short responses. Tests check the responses against
  // the schemas.
  app.setSerializerCompiler(() => JSON.stringify)
  // A server may ignore an unknown expectation (RFC 9110 10.1.1); Node would refuse it.
  app.server.on('checkExpectation', (...exchange) => app.server.emit('request', ...exchange))
  const responses = observeResponses(app, options.clock, observe)
  app.addHook('onRequest', (request, _reply, done) => {
    checkHost(request)
    done()
  })
  // In `onSend`, since `sendRepresentation` bypasses Fastify and sets these fields itself.
  app.addHook('onSend', (request, reply, _payload, done) => {
    setFields(reply, commonFields(request))
    done()
  })
  handleErrors(app, options)
  return { app, responses }
}

import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, LogController } from 'fastify'
import type { TrustProxy } from '../config/trust-proxy.ts'
import type { Clock } from '../lib/clock.ts'
import { logResponse } from './access-log.ts'
import type { AppInstance } from './app-instance.ts'
import { commonFields, setFields } from './common-headers.ts'
import { frameworkProblems, handleErrors, parserProblems } from './error-handlers.ts'
import type { InFlightResponses } from './in-flight-responses.ts'
import { checkHost, originForm } from './origin.ts'
import { observeResponses, type ResponseObserver } from './response-observer.ts'

/** Room for a user id of 256 bytes in a link, percent-encoded twice. */
const MAX_PARAM_LENGTH = 4096
const REQUEST_TIMEOUT_MS = 30_000

export interface ServerOptions {
  trustProxy: TrustProxy | undefined
  /** The path that a proxy in front adds, as `basePathOf` gives it. */
  basePath: string
}

export interface ServerDependencies {
  clock: Clock
  logger: FastifyBaseLogger
  observe: ResponseObserver
}

/**
 * A Fastify instance without routes that answers every failure with a problem, and its responses that
 * are not out yet.
 */
export function createServer(
  { trustProxy, basePath }: ServerOptions,
  { clock, logger, observe }: ServerDependencies,
): { app: AppInstance; responses: InFlightResponses } {
  const told: ResponseObserver = answer => {
    logResponse(answer)
    observe(answer)
  }
  const problemOptions = { clock, basePath }
  const app: AppInstance = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger of each request would cost more than most requests do; `logResponse` writes the id.
    childLoggerFactory: log => log,
    genReqId: requestId,
    trustProxy: trustProxy ?? false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    // It would also cut off what runs while the service starts and stops, which has its own limits.
    pluginTimeout: 0,
    frameworkErrors: frameworkProblems(problemOptions, told),
    clientErrorHandler: parserProblems(problemOptions, logger),
    // Node would answer without a body. What is repeated is joined, so that a second `Host` shows.
    http: { requireHostHeader: false, joinDuplicateHeaders: true },
    rewriteUrl: originForm,
  }).withTypeProvider<TypeBoxTypeProvider>()
  // Compiling the schemas of responses takes longer than these short responses ever would; that they
  // keep to them is tested.
  app.setSerializerCompiler(() => JSON.stringify)
  // An expectation that is not known may be passed over (RFC 9110 10.1.1); Node would refuse it.
  app.server.on('checkExpectation', (...exchange) => app.server.emit('request', ...exchange))
  const responses = observeResponses(app, clock, told)
  app.addHook('onRequest', (request, _reply, done) => {
    checkHost(request)
    done()
  })
  // Not before, since most responses are written past Fastify and would pay for it twice.
  app.addHook('onSend', (request, reply, _payload, done) => {
    setFields(reply, commonFields(request))
    done()
  })
  handleErrors(app, problemOptions)
  return { app, responses }
}

/**
 * The caller's own request id, so that logs can be joined; a new one when it is too long, is not
 * plain text, or is the caller's API key.
 */
function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  if (typeof given !== 'string' || !/^[\w.-]{1,64}$/.test(given)) return randomUUID()
  return headers.authorization?.endsWith(` ${given}`) ? randomUUID() : given
}

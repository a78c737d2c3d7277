import cors from '@fastify/cors'
import type { CorsOrigins } from '../config/cors-origins.ts'
import type { AppInstance } from './app-instance.ts'
import { READ_METHODS, refuseMethod } from './methods.ts'
import { contextOf } from './request-context.ts'

/** Request fields that pages may send, beyond the CORS-safelisted fields (Fetch). */
const REQUEST_FIELDS = [
  'Authorization',
  'Cache-Control',
  'If-Modified-Since',
  'If-None-Match',
  'X-Request-Id',
  'traceparent',
]

/** Response fields that pages may read, beyond the CORS-safelisted fields (Fetch). */
const RESPONSE_FIELDS = [
  'Age',
  'Cache-Status',
  'Content-Disposition',
  'ETag',
  'Link',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
]

/** How long browsers may cache a preflight result. Chromium allows at most two hours. */
const PREFLIGHT_SECONDS = 7200

/**
 * Lets pages from the given origins read responses (Fetch, 3.3), and answers their preflight requests, which
 * carry no API key. Call this before `authenticate`.
 */
export async function allowOrigins(app: AppInstance, origins: CorsOrigins): Promise<void> {
  app.addHook('onRequest', async (request, reply) => {
    const { origin, 'access-control-request-method': method } = request.headers
    // The plugin treats every OPTIONS request as a preflight request.
    if (request.method === 'OPTIONS' && !(origin && method)) await refuseMethod(reply, READ_METHODS)
  })
  await app.register(cors, {
    origin: origins,
    methods: [...READ_METHODS],
    allowedHeaders: REQUEST_FIELDS,
    exposedHeaders: RESPONSE_FIELDS,
    maxAge: PREFLIGHT_SECONDS,
  })
  app.addHook('onRequest', (request, reply, done) => {
    // `sendRepresentation` bypasses Fastify, and with it the fields the plugin sets on the reply.
    const fields = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)])
    contextOf(request).corsFields = fields.flat()
    done()
  })
}

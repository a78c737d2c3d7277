import cors from '@fastify/cors'
import type { CorsOrigins } from '../config/cors-origins.ts'
import type { AppInstance } from './app-instance.ts'
import { ALLOWED, refuseMethod } from './methods.ts'
import { contextOf } from './request-context.ts'

/** What a page sends beside the fields that it may always send. */
const REQUEST_FIELDS = [
  'Authorization',
  'Cache-Control',
  'If-Modified-Since',
  'If-None-Match',
  'X-Request-Id',
  'traceparent',
]

/** What a page may read beside the fields that it may always read (Fetch, CORS-safelisted). */
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

/** How long a browser may remember what it was allowed; browsers cap it at two hours. */
const PREFLIGHT_SECONDS = 7200

/**
 * Lets pages of the given origins read responses (Fetch standard, 3.3), and answers their preflight
 * requests, which carry no key. To be called before `authenticate`.
 */
export async function allowOrigins(app: AppInstance, origins: CorsOrigins): Promise<void> {
  app.addHook('onRequest', async (request, reply) => {
    const { origin, 'access-control-request-method': method } = request.headers
    // The plugin takes any OPTIONS for a preflight request.
    if (request.method === 'OPTIONS' && !(origin && method)) await refuseMethod(request, reply)
  })
  await app.register(cors, {
    origin: origins,
    methods: [...ALLOWED],
    allowedHeaders: REQUEST_FIELDS,
    exposedHeaders: RESPONSE_FIELDS,
    maxAge: PREFLIGHT_SECONDS,
  })
  app.addHook('onRequest', (request, reply, done) => {
    // Representations are written past Fastify, and so past what the plugin has set on the reply.
    const fields = Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)])
    contextOf(request).corsFields = fields.flat()
    done()
  })
}

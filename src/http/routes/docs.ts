import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'

const ROOT = '/docs'

/** Everything that the page loads comes from this service. Its styles are partly set by script. */
const CONTENT_SECURITY_POLICY = {
  'default-src': "'none'",
  'connect-src': "'self'",
  'font-src': "'self' data:",
  'img-src': "'self' data:",
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}

/** The page has a dark style, but the switch for it is in the bar on top, which is left out. */
const FOLLOW_COLOR_SCHEME = `
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()
`

/**
 * `GET /docs`: a page to read /openapi.yaml and to try what it describes. What it loads is found
 * below `basePath`.
 */
export async function docsPage(app: AppInstance, basePath: string): Promise<void> {
  // The page package wants a document from its sibling. The browser is led to ours instead, so that
  // it neither has to be parsed here nor made from the routes again.
  await app.register(fastifySwagger, {
    mode: 'static',
    specification: {
      document: { openapi: '3.1.0', info: { title: 'Playlist proxy', version: '' }, paths: {} },
    },
  })
  await app.register(async docs => {
    docs.addHook('onSend', async (_request, reply) => {
      // What the page loads has a field of its own, and so have problems.
      if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache')
    })
    await docs.register(fastifySwaggerUi, {
      routePrefix: ROOT,
      indexPrefix: basePath,
      staticCSP: CONTENT_SECURITY_POLICY,
      theme: {
        title: 'Playlist proxy',
        js: [{ filename: 'color-scheme.js', content: FOLLOW_COLOR_SCHEME }],
      },
      uiConfig: {
        // Without the bar on top, which is for looking at documents from elsewhere.
        layout: 'BaseLayout',
        validatorUrl: null,
        tryItOutEnabled: true,
        displayRequestDuration: true,
      },
      uiHooks: { onRequest: redirect },
    })
  })
  for (const path of [ROOT, `${ROOT}/`, `${ROOT}/*`]) allowOnlyReading(app, path)
}

/**
 * Redirects to our own document, and to the page, by relative references: they work below any path
 * that a proxy adds, and repeat no query.
 */
function redirect(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const url = String(request.routeOptions.url)
  if (/\/(?:json|yaml)$/.test(url)) reply.redirect('../openapi.yaml')
  else if (url.endsWith('/static/index.html')) reply.redirect('../')
  else done()
}

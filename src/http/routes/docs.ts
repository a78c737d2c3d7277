import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AppInstance } from '../app-instance.ts'
import { allowOnlyReading } from '../methods.ts'

const ROOT = '/docs'

/** The page loads everything from this service. Its scripts set inline styles. */
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

/** Switches the page's dark mode. The built-in switch is in the top bar, which we leave out. */
const FOLLOW_COLOR_SCHEME = `
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()
`

/**
 * `GET /docs`: a page that shows /openapi.yaml and lets readers send requests. The page loads assets from below
 * `basePath`.
 */
export async function docsPage(app: AppInstance, basePath: string): Promise<void> {
  // The UI plugin requires a document from this plugin. We redirect the browser to /openapi.yaml instead, so
  // the service neither parses nor regenerates that file.
  await app.register(fastifySwagger, {
    mode: 'static',
    specification: {
      document: { openapi: '3.1.0', info: { title: 'Playlist proxy', version: '' }, paths: {} },
    },
  })
  await app.register(async docs => {
    docs.addHook('onSend', async (_request, reply) => {
      // Static files and problems already have this field.
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
        // This layout has no top bar, which would open documents from other services.
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
 * Redirects to our own document or to the page. The references are relative, so they work below any path a
 * proxy adds, and drop the query.
 */
function redirect(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const url = String(request.routeOptions.url)
  if (/\/(?:json|yaml)$/.test(url)) reply.redirect('../openapi.yaml')
  else if (url.endsWith('/static/index.html')) reply.redirect('../')
  else done()
}

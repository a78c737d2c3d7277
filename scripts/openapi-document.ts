import fastifySwagger from '@fastify/swagger'
import { isOpen } from '../src/http/authentication.ts'
import { createServer } from '../src/http/create-server.ts'
import type { ResponseObserver } from '../src/http/response-observer.ts'
import { type RouteOptions, registerRoutes } from '../src/http/routes/routes.ts'
import type { Clock } from '../src/lib/clock.ts'
import { createLogger } from '../src/lib/logger.ts'
import { version } from '../src/lib/version.ts'
import { markRequiredHeaders } from './required-headers.ts'

const DESCRIPTION = [
  'All public playlists of a Spotify user in one response.',
  "Spotify returns them in pages of 50, to callers with an app's client secret. This service holds the secret, reads every page once, and answers from its cache while the list is fresh.",
  'Playlists and their covers come from Spotify: if you show them, name Spotify as the source and link each one with its `external_urls.spotify`.',
].join('\n\n')

/**
 * The text of openapi.yaml, from the schemas of the routes that the service registers. It starts no
 * server, so no route handler ever runs.
 */
export async function openapiDocument(): Promise<string> {
  const { app } = createServer(
    { trustProxy: undefined, basePath: '' },
    {
      clock: {} as Clock,
      logger: createLogger('silent', process.stdout),
      observe: {} as ResponseObserver,
    },
  )
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Playlist proxy',
        version,
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'The instance that serves this document.' }],
      components: {
        securitySchemes: {
          apiKey: {
            type: 'http',
            scheme: 'bearer',
            description:
              'An API key, if the operator has set `API_KEYS`; otherwise none is needed.',
          },
          password: {
            type: 'http',
            scheme: 'basic',
            description: 'The API key as the password, with any user name.',
          },
        },
      },
      security: [{ apiKey: [] }, { password: [] }, {}],
    },
    refResolver: { buildLocalReference: schema => String(schema.$id) },
    // Hides the routes that return 405 for other methods, and those of files that pages load.
    transform: ({ schema, url, route }) => ({
      schema: {
        ...schema,
        hide: route.method !== 'GET' || schema?.hide === true,
        ...(isOpen(url) ? { security: [] } : {}),
      },
      url,
    }),
    transformObject: markRequiredHeaders,
  })
  registerRoutes(app, { openapi: '' } as RouteOptions)
  await app.ready()
  const document = app.swagger({ yaml: true })
  await app.close()
  return document
}

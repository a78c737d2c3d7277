import fastifySwagger from '@fastify/swagger'
import type { Clock } from '../src/clock.ts'
import type { AnswerObserver } from '../src/http/answers.ts'
import { isOpen } from '../src/http/authentication.ts'
import { createServer } from '../src/http/create-server.ts'
import { createLogger } from '../src/log.ts'
import { type RouteOptions, registerRoutes } from '../src/routes.ts'
import { version } from '../src/version.ts'
import { markRequiredHeaders } from './required-headers.ts'

const DESCRIPTION = [
  'All public playlists of a Spotify user in one answer.',
  "Spotify hands them out in pages of 50 to whoever holds an app's client secret. This service keeps the secret, reads every page once, and answers from its cache until the list may have changed.",
  'Playlists and their covers come from Spotify: whoever shows them names Spotify as the source and links each one through its `external_urls.spotify`.',
].join('\n\n')

/**
 * The text of openapi.yaml, made from the schemas of the routes that the service registers. Nothing
 * is started for it, so that the parts behind the routes are never called.
 */
export async function openapiDocument(): Promise<string> {
  const { app } = createServer(
    { trustProxy: undefined, basePath: '' },
    {
      clock: {} as Clock,
      logger: createLogger('silent', process.stdout),
      observe: {} as AnswerObserver,
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
              'An API key, where the operator has set `API_KEYS`; else nothing is asked.',
          },
        },
      },
      security: [{ apiKey: [] }, {}],
    },
    refResolver: { buildLocalReference: schema => String(schema.$id) },
    // The routes that answer other methods with 405 are no operations of their own.
    transform: ({ schema, url, route }) => ({
      schema: {
        ...schema,
        hide: route.method !== 'GET',
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

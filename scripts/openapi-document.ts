import fastifySwagger from '@fastify/swagger'
import { isForAdmins, isOpen } from '../src/http/authentication.ts'
import { createServer } from '../src/http/create-server.ts'
import type { ResponseObserver } from '../src/http/response-observer.ts'
import { type LinksRoutesOptions, linksRoutes } from '../src/http/routes/links.ts'
import { type OwnerLinksOptions, ownerLinksRoutes } from '../src/http/routes/owner-links.ts'
import { type RouteOptions, registerRoutes } from '../src/http/routes/routes.ts'
import type { Clock } from '../src/lib/clock.ts'
import { createLogger } from '../src/lib/logger.ts'
import { version } from '../src/lib/version.ts'
import { markRequiredHeaders } from './required-headers.ts'
import { shareComponents } from './shared-components.ts'

const DESCRIPTION = [
  'All public playlists of a Spotify user in one response.',
  "Spotify returns them in pages of 50, to callers with an app's client secret. This service holds the secret, reads every page once, and answers from its cache while the list is fresh.",
  'Playlists and their covers come from Spotify: if you show them, name Spotify as the source and link each one with its `external_urls.spotify`.',
].join('\n\n')

/**
 * Generates openapi.yaml from the schemas of all registered routes. It starts no server, so no route handler
 * ever runs.
 */
export async function openapiDocument(): Promise<string> {
  const { app } = createServer({
    basePath: '',
    clock: {} as Clock,
    logger: createLogger('silent', process.stdout),
    observe: {} as ResponseObserver,
  })
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
              'An API key, if the operator has set `API_KEYS`; otherwise none is needed. Below `/links` it is a key of an administrator, from `ADMIN_KEYS`.',
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
    // Hides the 405 routes for other methods, and routes for files loaded by pages.
    transform: ({ schema, url, route }) => ({
      schema: {
        ...schema,
        hide: Array.isArray(route.method) || schema?.hide === true,
        ...securityOf(url),
      },
      url,
    }),
    transformObject: document => shareComponents(markRequiredHeaders(document)),
  })
  registerRoutes(app, { openapi: '' } as RouteOptions)
  linksRoutes(app, {} as LinksRoutesOptions)
  const spotify = new URL('https://accounts.spotify.com/authorize')
  const ofOwners = { authorizeUrl: spotify, redirectUri: 'http://127.0.0.1:3000/link/callback' }
  ownerLinksRoutes(app, ofOwners as OwnerLinksOptions)
  await app.ready()
  const document = app.swagger({ yaml: true })
  await app.close()
  return document
}

/** Returns how callers of a path authenticate; empty if as on most paths. */
function securityOf(url: string): { security?: Record<string, string[]>[] } {
  if (isOpen(url)) return { security: [] }
  return isForAdmins(url) ? { security: [{ apiKey: [] }, { password: [] }] } : {}
}

import type { AppInstance } from '../app-instance.ts'
import { acceptAllMethods } from '../methods.ts'
import { addSchemas } from '../openapi/schemas.ts'
import { basePathOf } from '../origin.ts'
import { assetRoutes } from './assets.ts'
import { type HealthOptions, healthRoutes } from './health.ts'
import { homeRoute } from './home.ts'
import { type MetricsOptions, metricsRoute } from './metrics.ts'
import { type OpenapiOptions, openapiRoute } from './openapi.ts'
import type { ListOptions } from './playlists-response.ts'
import { problemPagesRoutes } from './problem-pages.ts'
import { spotifyMirrorRoute } from './spotify-mirror.ts'
import { type StatusOptions, statusRoute } from './status.ts'
import { handleUnknownPaths } from './unknown-paths.ts'
import { userPlaylistsRoute } from './user-playlists.ts'

export type RouteOptions = ListOptions &
  HealthOptions &
  StatusOptions &
  MetricsOptions &
  OpenapiOptions & {
    /** Users suggested in the form; none by default. */
    exampleUsers?: readonly string[] | undefined
  }

/** Registers all routes; `npm run generate` also makes openapi.yaml from them. */
export function registerRoutes(app: AppInstance, options: RouteOptions): void {
  acceptAllMethods(app)
  addSchemas(app)
  homeRoute(app, basePathOf(options.publicUrl), options.exampleUsers)
  userPlaylistsRoute(app, options)
  spotifyMirrorRoute(app, options)
  healthRoutes(app, options)
  statusRoute(app, options)
  metricsRoute(app, options)
  assetRoutes(app)
  problemPagesRoutes(app, basePathOf(options.publicUrl))
  openapiRoute(app, options)
  handleUnknownPaths(app, basePathOf(options.publicUrl))
}

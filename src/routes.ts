import type { AppInstance } from './http/app-instance.ts'
import { type HealthOptions, healthRoutes } from './http/health.ts'
import type { ListOptions } from './http/list-answer.ts'
import { acceptAllMethods } from './http/methods.ts'
import { type MetricsOptions, metricsRoute } from './http/metrics.ts'
import { openapiRoute } from './http/openapi.ts'
import { problemPagesRoutes } from './http/problem-pages.ts'
import { addSchemas } from './http/schemas.ts'
import { spotifyMirrorRoute } from './http/spotify-mirror.ts'
import { type StatusOptions, statusRoute } from './http/status.ts'
import { answerUnknownPaths } from './http/unknown-paths.ts'
import { userPlaylistsRoute } from './http/user-playlists.ts'
import { basePathOf } from './public-url.ts'

export type RouteOptions = ListOptions &
  HealthOptions &
  StatusOptions &
  MetricsOptions & {
    /** The text of openapi.yaml. */
    openapi: string
  }

/** All that the service answers; also what openapi.yaml is made from. */
export function registerRoutes(app: AppInstance, options: RouteOptions): void {
  acceptAllMethods(app)
  addSchemas(app)
  userPlaylistsRoute(app, options)
  spotifyMirrorRoute(app, options)
  healthRoutes(app, options)
  statusRoute(app, options)
  metricsRoute(app, options)
  problemPagesRoutes(app, basePathOf(options.publicUrl))
  openapiRoute(app, options.openapi)
  answerUnknownPaths(app, basePathOf(options.publicUrl))
}

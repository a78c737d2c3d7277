import type { AppInstance } from './http/app-instance.ts'
import { type HealthOptions, healthRoutes } from './http/health.ts'
import type { ListOptions } from './http/list-answer.ts'
import { acceptAllMethods } from './http/methods.ts'
import { type MetricsOptions, metricsRoute } from './http/metrics.ts'
import { type OpenapiOptions, openapiRoute } from './http/openapi.ts'
import { basePathOf } from './http/origin.ts'
import { problemPagesRoutes } from './http/problem-pages.ts'
import { addSchemas } from './http/schemas.ts'
import { spotifyMirrorRoute } from './http/spotify-mirror.ts'
import { type StatusOptions, statusRoute } from './http/status.ts'
import { answerUnknownPaths } from './http/unknown-paths.ts'
import { userPlaylistsRoute } from './http/user-playlists.ts'

export type RouteOptions = ListOptions &
  HealthOptions &
  StatusOptions &
  MetricsOptions &
  OpenapiOptions

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
  openapiRoute(app, options)
  answerUnknownPaths(app, basePathOf(options.publicUrl))
}

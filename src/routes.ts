import type { AppInstance } from './http/app-instance.ts'
import { type HealthOptions, healthRoutes } from './http/health.ts'
import { acceptAllMethods } from './http/methods.ts'
import { addSchemas } from './http/schemas.ts'
import { type UserPlaylistsOptions, userPlaylistsRoute } from './http/user-playlists.ts'

export type RouteOptions = UserPlaylistsOptions & HealthOptions

/** All that the service answers; also what openapi.yaml is made from. */
export function registerRoutes(app: AppInstance, options: RouteOptions): void {
  acceptAllMethods(app)
  addSchemas(app)
  userPlaylistsRoute(app, options)
  healthRoutes(app, options)
}

import type { CacheScope } from '../cache/response-fields.ts'
import { parseApiKeys } from '../config/api-keys.ts'
import { type CorsOrigins, parseCorsOrigins } from '../config/cors-origins.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import { type FixedWindow, LocalFixedWindow } from '../lib/fixed-window.ts'
import type { AppInstance } from './app-instance.ts'
import { authenticate, warnWhenExposed } from './authentication.ts'
import { limitCallers, WINDOW_SECONDS } from './rate-limit.ts'

export interface AccessOptions {
  /** Patterns of further routes that need no key. */
  alsoOpen: readonly string[]
  /** Counts the requests of callers across replicas; undefined without a shared cache. */
  sharedCounts: ((windowMs: number) => FixedWindow) | undefined
  clock: Clock
}

/**
 * Adds CORS, API keys and the limit of callers to a server, as configured. Returns the scope of its
 * responses: `private` if callers need a key.
 */
export async function controlAccess(
  app: AppInstance,
  config: Config,
  { alsoOpen, sharedCounts, clock }: AccessOptions,
): Promise<CacheScope> {
  if (config.CORS_ORIGINS !== undefined) {
    // Loaded only if configured.
    const { allowOrigins } = await import('./cors.ts')
    // `loadConfig` has validated the variable.
    await allowOrigins(app, parseCorsOrigins(config.CORS_ORIGINS) as CorsOrigins)
  }
  const { keys } = parseApiKeys(config.API_KEYS)
  authenticate(app, { keys, alsoOpen })
  if (keys.length === 0) warnWhenExposed(app)
  const limit = config.CALLER_REQUESTS_PER_MINUTE
  if (limit > 0) {
    const windowMs = WINDOW_SECONDS * 1000
    const counts = sharedCounts?.(windowMs) ?? new LocalFixedWindow(windowMs, clock)
    limitCallers(app, { limit, counts, clock })
  }
  return keys.length > 0 ? 'private' : 'public'
}

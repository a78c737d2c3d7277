import type { IncomingMessage } from 'node:http'
import type { CacheScope } from '../cache/response-fields.ts'
import { ANONYMOUS, parseApiKeys } from '../config/api-keys.ts'
import { type CorsOrigins, parseCorsOrigins } from '../config/cors-origins.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../lib/clock.ts'
import { type FixedWindow, LocalFixedWindow } from '../lib/fixed-window.ts'
import type { AppInstance } from './app-instance.ts'
import { authenticate, callersWith, type FindCaller, warnWhenExposed } from './authentication.ts'
import { type CallerLimit, callerLimit, limitCallers, WINDOW_SECONDS } from './rate-limit.ts'
import { addressName } from './request-context.ts'

export interface AccessOptions {
  /** Route patterns that need no key, besides those `isOpen` allows. */
  alsoOpen: readonly string[]
  /** Counts requests per caller across replicas; undefined without a shared cache. */
  sharedCounts: ((windowMs: number) => FixedWindow) | undefined
  clock: Clock
}

/** A request that passed access control. */
export interface Admission {
  readonly caller: string
  /** The response's `RateLimit` fields, flat; undefined without a limit. */
  readonly rateLimitFields: string[] | undefined
}

/**
 * Admits a request without running the hooks, and counts it against the caller's limit. Returns undefined if
 * the hooks must decide or refuse.
 */
export type Admit = (request: IncomingMessage) => Admission | undefined

export interface AccessControl {
  /** `private` if callers need a key. */
  cacheScope: CacheScope
  /** Undefined if replicas share caller counts, since counting then takes a round trip. */
  admit: Admit | undefined
}

/** Adds CORS, API keys and the limit per caller to a server, as configured. */
export async function controlAccess(
  app: AppInstance,
  config: Config,
  { alsoOpen, sharedCounts, clock }: AccessOptions,
): Promise<AccessControl> {
  if (config.CORS_ORIGINS !== undefined) {
    // Only instances with CORS_ORIGINS load this module.
    const { allowOrigins } = await import('./cors.ts')
    // `loadConfig` has already validated the variable.
    await allowOrigins(app, parseCorsOrigins(config.CORS_ORIGINS) as CorsOrigins)
  }
  const { keys } = parseApiKeys(config.API_KEYS)
  const { keys: adminKeys } = parseApiKeys(config.ADMIN_KEYS)
  const findCaller = callersWith(keys, adminKeys)
  authenticate(app, { findCaller, admins: adminKeys.map(({ name }) => name), alsoOpen })
  if (keys.length === 0) warnWhenExposed(app)
  const cacheScope = keys.length > 0 ? 'private' : 'public'
  const limit = config.CALLER_REQUESTS_PER_MINUTE
  if (limit === 0) return { cacheScope, admit: admitUncounted(findCaller) }
  const windowMs = WINDOW_SECONDS * 1000
  const counts = sharedCounts?.(windowMs) ?? new LocalFixedWindow(windowMs, clock)
  const callers = callerLimit(limit, clock)
  limitCallers(app, counts, callers)
  const admit =
    counts instanceof LocalFixedWindow ? admitCounted(findCaller, counts, callers) : undefined
  return { cacheScope, admit }
}

function admitUncounted(findCaller: FindCaller): Admit {
  return ({ headers }) => {
    const caller = findCaller(headers.authorization)
    return caller === undefined ? undefined : { caller, rateLimitFields: undefined }
  }
}

function admitCounted(findCaller: FindCaller, counts: LocalFixedWindow, limit: CallerLimit): Admit {
  return ({ headers, socket }) => {
    const caller = findCaller(headers.authorization)
    const isAnonymous = caller === ANONYMOUS
    // Only Fastify knows which proxies to trust.
    if (caller === undefined || (isAnonymous && 'x-forwarded-for' in headers)) return undefined
    const name = isAnonymous ? addressName(socket.remoteAddress) : caller
    const { fields, problem } = limit(counts.count(name))
    // The hooks count a refused request again. That is harmless: the caller is already over the limit.
    return problem === undefined ? { caller, rateLimitFields: fields } : undefined
  }
}

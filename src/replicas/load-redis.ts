import type { RedisOptions } from './create-redis.ts'

/**
 * Loads and creates everything replicas share if `SHARED_CACHE_URL` is set, else returns undefined: without
 * a shared cache, the service starts without loading the client or these modules.
 */
export async function loadRedis(options: RedisOptions) {
  if (options.config.SHARED_CACHE_URL === undefined) return undefined
  const { createRedis } = await import('./create-redis.ts')
  return createRedis(options)
}

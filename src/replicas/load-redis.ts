import type { RedisOptions, RedisServices } from './create-redis.ts'

/**
 * Loads and creates everything that replicas share if `SHARED_CACHE_URL` is set, else returns undefined:
 * without a shared cache, the service starts without the client and its modules.
 */
export async function loadRedis(
  options: Omit<RedisOptions, 'url'>,
): Promise<RedisServices | undefined> {
  const url = options.config.SHARED_CACHE_URL
  if (url === undefined) return undefined
  const { createRedis } = await import('./create-redis.ts')
  return createRedis({ url, ...options })
}

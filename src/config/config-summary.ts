import { nodeVersion, version } from '../lib/version.ts'
import { parseApiKeys } from './api-keys.ts'
import type { Config } from './schema.ts'

/**
 * Returns the members for the first log line: version, enabled features, and limits, named after their
 * variables. No secret, and no URL, since URLs can contain secrets.
 */
export function configSummary(config: Config, isTracing: boolean) {
  return {
    version,
    node_version: nodeVersion,
    api_keys: parseApiKeys(config.API_KEYS).keys.length,
    caller_requests_per_minute: config.CALLER_REQUESTS_PER_MINUTE,
    cors: config.CORS_ORIGINS !== undefined,
    shared_cache: config.SHARED_CACHE_URL !== undefined,
    linked_accounts: config.LINKS_FILE !== undefined,
    spotify_daily_budget: config.SPOTIFY_DAILY_BUDGET ?? null,
    cache_snapshot: config.CACHE_SNAPSHOT_FILE !== undefined,
    proxy: config.HTTPS_PROXY !== undefined || config.HTTP_PROXY !== undefined,
    tracing: isTracing,
    cache_max_bytes: config.CACHE_MAX_BYTES,
    cache_fresh_seconds: config.CACHE_FRESH_SECONDS,
    spotify_concurrency: config.SPOTIFY_CONCURRENCY,
    spotify_queue: config.SPOTIFY_QUEUE,
    spotify_max_pages: config.SPOTIFY_MAX_PAGES,
    spotify_timeout_ms: config.SPOTIFY_TIMEOUT_MS,
    lookup_timeout_ms: config.LOOKUP_TIMEOUT_MS,
    shutdown_timeout_ms: config.SHUTDOWN_TIMEOUT_MS,
  }
}
